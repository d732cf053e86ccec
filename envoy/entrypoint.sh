#!/bin/sh
# Entry point of the stand-in that images.sh makes; it behaves as the official image's does:
#   - arguments that begin with a dash go to `envoy`; $loglevel becomes its --log-level;
#   - started as root, it steps down to the user `envoy`, with the ids of $ENVOY_UID and $ENVOY_GID where they are set;
#   - ENVOY_UID=0 keeps root, and a container with a user of its own keeps that.
set -e

case "$1" in
-*) set -- envoy "$@" ;;
esac

if [ "$1" = envoy ] && [ -n "$loglevel" ]; then
    set -- "$@" --log-level "$loglevel"
fi

if [ "$(id -u)" != 0 ] || [ "$ENVOY_UID" = 0 ]; then
    exec "$@"
fi

[ -z "$ENVOY_UID" ] || usermod --uid "$ENVOY_UID" envoy
[ -z "$ENVOY_GID" ] || groupmod --gid "$ENVOY_GID" envoy
chown envoy:envoy /dev/stdout /dev/stderr # Envoy opens them again, as this user
exec setpriv --reuid envoy --regid envoy --init-groups -- "$@"
