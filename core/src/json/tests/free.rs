//! What RFC 8259 leaves to the reader, decided: for the gateway, which passes on what it reads.

use super::corpus::Case;

pub(super) const CASES: &[Case] = &[
    // Numbers of any size and precision (section 6): they pass in their spelling, and the provider
    // knows what it takes. Where the gateway wants a number itself, one beyond a double is a fault.
    ("beyond a double", b"1e400", true),
    ("beyond a double and negative", b"-1e+9999", true),
    ("beyond a double with a fraction", b"1.5e+9999", true),
    (
        "beyond a double in digits",
        b"100000000000000000000000000000000000000000000000000e999",
        true,
    ),
    ("below a double", b"123.456e-789", true),
    ("below a double, far", b"123e-10000000", true),
    (
        "an exponent beyond 64 bits",
        b"0.4e00669999999999999999999999999999999999999999999999999969999999006",
        true,
    ),
    (
        "an exponent below 64 bits",
        b"-1e-99999999999999999999999",
        true,
    ),
    ("a huge integer", b"100000000000000000000", true),
    (
        "a huge negative integer",
        b"-237462374673276894279832749832423479823246327846",
        true,
    ),
    (
        "more digits than a double has",
        b"0.1234567890123456789012345678901234567890",
        true,
    ),
    // Half of a surrogate pair as an escape (section 8.2): it is kept as it came. It is no fault
    // of the text, and a provider may have sent it in the turn before.
    ("the first half alone", b"\"\\uD800\"", true),
    ("the second half alone", b"\"\\uDFAA\"", true),
    ("the first half, then text", b"\"\\ud800abc\"", true),
    ("the first half twice", b"\"\\uD888\\ud8ff\"", true),
    (
        "the first half, then a short escape",
        b"\"\\uD800\\n\"",
        true,
    ),
    (
        "the first half, then another character",
        b"\"\\uD888\\u1234\"",
        true,
    ),
    (
        "the first half twice, then a short escape",
        b"\"\\uD800\\uD800\\n\"",
        true,
    ),
    ("a pair the wrong way round", b"\"\\uDd1e\\uD834\"", true),
    ("the second half in a name", b"{\"\\uDFAA\":0}", true),
    // A byte order mark (section 8.1): refused, and nothing but UTF-8 is read. A provider would
    // get it as it came, and theirs need not ignore it.
    ("a mark and an object", b"\xef\xbb\xbf{}", false),
    ("a mark alone", b"\xef\xbb\xbf", false),
    ("a mark after a space", b" \xef\xbb\xbf{}", false),
    ("a mark after the value", b"{}\xef\xbb\xbf", false),
    ("half a mark", b"\xef\xbb{}", false),
    ("a third of a mark", b"\xef", false),
    (
        "UTF-16, little end first, with a mark",
        b"\xff\xfe[\0\"\0a\0\"\0]\0",
        false,
    ),
    (
        "UTF-16, big end first, with a mark",
        b"\xfe\xff\0[\0\"\0a\0\"\0]",
        false,
    ),
    ("UTF-16, little end first", b"[\0\"\0a\0\"\0]\0", false),
    ("UTF-16, big end first", b"\0[\0\"\0a\0\"\0]", false),
    ("UTF-32, big end first", b"\0\0\0[\0\0\0]", false),
    ("UTF-7", b"+AFsAXQ-", false),
    // Names that stand twice (section 4) are the caller's business here; those that the gateway
    // acts on are refused where the body is read (W17).
    (
        "a name twice, once escaped",
        b"{\"a\":1,\"\\u0061\":2}",
        true,
    ),
];
