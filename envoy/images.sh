#!/usr/bin/env bash
# Makes the images of compose.yaml on this machine's Docker daemon:
#   sluice-sidecar           the sidecar, static, FROM scratch
#   envoyproxy/envoy:vX.Y.Z  pulled; where no registry answers, a stand-in under the same name: the wheel's Envoy on a
#                            minimal Debian, with the official image's entry point, command and user
# Ends with 77 and the reason on the last line where this machine cannot do it.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(<.envoy-version)
envoy_image=envoyproxy/envoy:v$version
target=$(uname -m)-unknown-linux-musl
work=$PWD/target/images

say() { printf '\n» %s\n' "$*"; }
cannot() { printf '%s\n' "$*"; exit 77; }

need() { # need <program> <Debian package>
  command -v "$1" >/dev/null && return
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    cannot "$1 is missing: install the Debian package $2, or run this as root on Debian"
  fi
  say "installing the Debian package $2"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$2"; } ||
    cannot "the Debian package $2 could not be installed"
}

sidecar_image() {
  need musl-gcc musl-tools
  rustup target list --installed | grep -qx "$target" || rustup target add "$target" ||
    cannot "the Rust target $target could not be installed"
  say "building the static sidecar (some minutes the first time)"
  cargo build --release -p sluice-sidecar --target "$target"
  rm -rf "$work/sidecar"
  mkdir -p "$work/sidecar/data"
  cp "target/$target/release/sluice-sidecar" "$work/sidecar/"
  docker build --quiet --file sidecar/Dockerfile --tag sluice-sidecar "$work/sidecar"
}

envoy_image() {
  docker image inspect "$envoy_image" >/dev/null 2>&1 && return
  say "pulling $envoy_image"
  timeout 300 docker pull "$envoy_image" || stand_in
}

# What the official image is, as its Dockerfile and entry point describe it: `envoy` in /usr/local/bin, the system's
# certificates, user and group `envoy` (101), started as root by an entry point that steps down to that user.
stand_in() {
  need debootstrap debootstrap
  [[ $(id -u) == 0 ]] || cannot "no registry answers, and a stand-in for $envoy_image can only be made as root"
  say "no registry answers: making a stand-in for $envoy_image (some minutes, once)"
  local root=$work/envoy
  rm -rf "$root"
  mkdir -p "$root"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$work/debootstrap.log" 2>&1 ||
    cannot "debootstrap failed: see target/images/debootstrap.log"
  chroot "$root" groupadd --system --gid 101 envoy
  chroot "$root" useradd --system --uid 101 --gid 101 --no-create-home --shell /usr/sbin/nologin envoy
  install -D -m 755 "$(make envoy)" "$root/usr/local/bin/envoy"
  install -m 755 envoy/entrypoint.sh "$root/docker-entrypoint.sh"
  install -D -m 644 /dev/null "$root/etc/envoy/envoy.yaml"
  tar --directory "$root" --exclude ./var/cache/apt --exclude ./var/lib/apt/lists --create . |
    docker import \
      --change 'ENTRYPOINT ["/docker-entrypoint.sh"]' \
      --change 'CMD ["envoy", "-c", "/etc/envoy/envoy.yaml"]' \
      --change 'EXPOSE 10000' \
      --change 'LABEL sluice.stand-in=true' \
      - "$envoy_image"
  rm -rf "$root"
}

docker info >/dev/null 2>&1 || cannot "no Docker daemon answers"
grep -q "image: $envoy_image\$" envoy/compose.yaml || { echo "compose.yaml and .envoy-version disagree"; exit 1; }
mkdir -p "$work"
sidecar_image
envoy_image
