//! `messages` (W10).

use crate::request::shape::{Field, Shape, TEXT, Tag, list, may, must, object, tagged};

pub(super) const MESSAGES: Shape = list(&MESSAGE, 1, 0);

const MESSAGE: Shape = tagged(
    Tag {
        cases: &[
            ("system", &["content"]),
            ("developer", &["content"]),
            ("user", &["content"]),
            ("assistant", &[]),
            ("tool", &["content"]),
        ],
        open: false,
    },
    FIELDS,
);

const FIELDS: &[Field] = &[
    may("role", TEXT, "Who speaks."),
    may(
        "content",
        Shape::Either(&[TEXT, list(&PART, 0, 0)]),
        "What is said; an assistant's may be null.",
    ),
    may(
        "tool_calls",
        Shape::Inline(&CALLS),
        "The calls that the assistant made.",
    ),
    may("tool_call_id", TEXT, "The call that a tool answers."),
    may("name", TEXT, "A name of who speaks."),
    may("refusal", TEXT, "The assistant's refusal."),
];

const CALLS: Shape = list(&CALL, 0, 0);

const CALL: Shape = object(&[
    may("id", TEXT, "Its id."),
    may("type", TEXT, "The kind of tool."),
    may(
        "function",
        object(&[
            must("name", TEXT, "The function's name."),
            may("arguments", TEXT, "Its arguments, as the model wrote them."),
        ]),
        "The function that was called.",
    ),
]);

/// Kinds that are not named here are for the provider.
const PART: Shape = tagged(
    Tag {
        cases: &[
            ("text", &["text"]),
            ("image_url", &["image_url"]),
            ("input_audio", &["input_audio"]),
            ("file", &["file"]),
            ("refusal", &["refusal"]),
        ],
        open: true,
    },
    &[
        may("type", TEXT, "The kind of part."),
        may("text", TEXT, "Text."),
        may("image_url", Shape::Either(&[TEXT, IMAGE]), "An image."),
        may("input_audio", Shape::Either(&[TEXT, AUDIO]), "Sound."),
        may("file", object(&[]), "A file."),
        may("refusal", TEXT, "A refusal."),
    ],
);

const IMAGE: Shape = object(&[
    must("url", TEXT, "Its address, or its bytes as a data URL."),
    may("detail", TEXT, "How closely it is looked at."),
]);

const AUDIO: Shape = object(&[
    must("data", TEXT, "Its bytes in base64."),
    must("format", TEXT, "Its encoding."),
]);
