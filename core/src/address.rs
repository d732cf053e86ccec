//! Classes of IP addresses: what a caller may lead the gateway to, and what it may not (W33).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// One host of the internet.
    Public,
    /// The machine itself.
    Loopback,
    /// A network of its owner's: RFC 1918, carrier-grade NAT, IPv6 unique and site local.
    Private,
    /// The link itself, where clouds keep their metadata.
    LinkLocal,
    /// No host in particular, which many systems take for the machine itself.
    Unspecified,
    /// Many hosts.
    Multicast,
    /// Documentation, benchmarks, protocols, what is not given out.
    Reserved,
}

/// The class of an address; one that carries an IPv4 address has the class of that.
#[must_use]
pub fn class(ip: IpAddr) -> Class {
    match ip {
        IpAddr::V4(ip) => class_v4(ip),
        IpAddr::V6(ip) => embedded(ip).map_or_else(|| class_v6(ip), class_v4),
    }
}

fn class_v4(ip: Ipv4Addr) -> Class {
    match ip.octets() {
        [127, ..] => Class::Loopback,
        [10, ..] | [192, 168, ..] => Class::Private,
        [172, b, ..] if (16..=31).contains(&b) => Class::Private,
        [100, b, ..] if (64..=127).contains(&b) => Class::Private,
        // The second is the same in Azure, on every machine: its metadata and name servers.
        [169, 254, ..] | [168, 63, 129, 16] => Class::LinkLocal,
        [0, 0, 0, 0] => Class::Unspecified,
        [a, ..] if (224..=239).contains(&a) => Class::Multicast,
        [0, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [240..=255, ..] => Class::Reserved,
        _ => Class::Public,
    }
}

fn class_v6(ip: Ipv6Addr) -> Class {
    match ip.segments() {
        // NAT64 of a network's own: where in it the IPv4 address stands, only that network knows.
        [0x64, 0xff9b, 1, ..] => Class::Private,
        [0, 0, 0, 0, 0, 0, 0, 0] => Class::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Class::Loopback,
        [a, ..] if a & 0xff00 == 0xff00 => Class::Multicast,
        [a, ..] if a & 0xffc0 == 0xfe80 => Class::LinkLocal,
        [a, ..] if a & 0xfe00 == 0xfc00 || a & 0xffc0 == 0xfec0 => Class::Private,
        // 2001::/23 is for protocols, Teredo among them; 2001:db8::/32 and 3fff::/20 are for documentation.
        [0x2001, b, ..] if b < 0x200 || b == 0xdb8 => Class::Reserved,
        [0x3fff, b, ..] if b < 0x1000 => Class::Reserved,
        // 2000::/3 is all that is given out.
        [a, ..] if a & 0xe000 == 0x2000 => Class::Public,
        _ => Class::Reserved,
    }
}

/// The IPv4 address in an IPv6 one: mapped, compatible, translated, NAT64 and 6to4.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

/// Whether this is a host's name in lower-case ASCII without a dot at its end, or an IPv4 address in
/// its usual spelling: no reader takes it for another host.
#[must_use]
pub fn is_plain(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x") {
        return host
            .parse::<Ipv4Addr>()
            .is_ok_and(|ip| ip.to_string() == host);
    }
    host.len() <= 253 && host.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A range of addresses: `10.1.2.0/24`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    net: IpAddr,
    bits: u32,
}

impl Range {
    /// Reads a range; `None` for what is none, and where bits stand behind the prefix.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (net, bits) = match text.split_once('/') {
            Some((net, bits)) => (net, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let net: IpAddr = net.parse().ok()?;
        let width = if net.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        let range = Self { net, bits };
        (bits <= width && range.masked(net) == range.value(net)).then_some(range)
    }

    /// Whether the address is one of these.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = match ip {
            IpAddr::V6(own) if self.net.is_ipv4() => own.to_ipv4_mapped().map_or(ip, IpAddr::V4),
            _ => ip,
        };
        ip.is_ipv4() == self.net.is_ipv4() && self.masked(ip) == self.value(self.net)
    }

    /// The address as 128 bits, an IPv4 one at their front.
    fn value(&self, ip: IpAddr) -> u128 {
        match ip {
            IpAddr::V4(ip) => u128::from(u32::from(ip)) << 96,
            IpAddr::V6(ip) => u128::from(ip),
        }
    }

    fn masked(&self, ip: IpAddr) -> u128 {
        let mask = u128::MAX.checked_shl(128 - self.bits.min(128)).unwrap_or(0);
        self.value(ip) & mask
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w33_every_address_has_its_class() {
        let cases = [
            (
                Class::Public,
                "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.0.1 100.128.0.1 172.15.0.1",
            ),
            (
                Class::Public,
                "172.32.0.1 192.167.0.1 192.169.0.1 169.253.0.1 223.255.255.255 192.0.1.1",
            ),
            (
                Class::Public,
                "2606:4700::1111 2a00:1450::1 2001:200::1 2002:808:808::1 ::ffff:8.8.8.8",
            ),
            (Class::Public, "64:ff9b::8.8.8.8"),
            (
                Class::Loopback,
                "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 64:ff9b::127.0.0.1",
            ),
            (
                Class::Loopback,
                "2002:7f00:1:: ::127.0.0.1 ::ffff:0:127.0.0.1 ::7f00:1 64:ff9b::7f00:1",
            ),
            (
                Class::Private,
                "10.0.0.0 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1",
            ),
            (
                Class::Private,
                "100.127.255.255 fc00::1 fdff::1 fec0::1 ::ffff:10.0.0.1 2002:a00:1::1",
            ),
            (
                Class::Private,
                "64:ff9b:1::808:808 64:ff9b:1:7f00:0:100:: 64:ff9b::a00:1 100.100.100.200 fd00:ec2::254",
            ),
            (Class::LinkLocal, "168.63.129.16 ::ffff:168.63.129.16"),
            (Class::Public, "168.63.129.15 168.63.129.17"),
            (
                Class::LinkLocal,
                "169.254.169.254 169.254.0.0 fe80::1 febf::1 ::ffff:169.254.169.254",
            ),
            (Class::Unspecified, "0.0.0.0 :: ::ffff:0.0.0.0"),
            (Class::Multicast, "224.0.0.1 239.255.255.255 ff02::1"),
            (
                Class::Reserved,
                "0.0.0.1 192.0.0.8 192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.1",
            ),
            (
                Class::Reserved,
                "203.0.113.1 240.0.0.1 255.255.255.255 192.88.99.1",
            ),
            (
                Class::Reserved,
                "2001:db8::1 2001::1 3fff::1 100::1 4000::1 5f00::1",
            ),
        ];
        for (expected, addresses) in cases {
            for text in addresses.split(' ') {
                assert_eq!(class(text.parse().unwrap()), expected, "{text}");
            }
        }
    }

    #[test]
    fn w33_a_range_has_what_is_behind_its_prefix() {
        let cases = [
            (
                "10.1.2.0/24",
                "10.1.2.0 10.1.2.255 ::ffff:10.1.2.9",
                "10.1.3.0 10.1.1.255 ::10.1.2.9",
            ),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2 ::1"),
            ("0.0.0.0/0", "0.0.0.0 255.255.255.255", "::1"),
            ("fd00::/8", "fd00::1 fdff::1", "fc00::1 253.0.0.1"),
            ("::1", "::1", "::2 0.0.0.1 127.0.0.1"),
            ("::/0", "::1 ::ffff:1.2.3.4", "1.2.3.4"),
        ];
        for (range, within, without) in cases {
            let range = Range::parse(range).unwrap();
            let has = |text: &str| range.contains(text.parse().unwrap());
            assert!(within.split(' ').all(has), "{range:?}");
            assert!(!without.split(' ').any(has), "{range:?}");
        }
        for text in [
            "",
            "10.1.2.1/24",
            "10.0.0.0/33",
            "::/129",
            "10/8",
            "x",
            "10.0.0.0/",
            "10.0.0.0/-1",
        ] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
