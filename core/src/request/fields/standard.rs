//! The fields that reach a provider.

use super::IDENTIFIER;
use super::message::MESSAGES;
use crate::request::shape::{
    Field, Map, OBJECT, Shape, TEXT, Tag, list, may, must, name, object, tagged, text,
};

const INT32: i64 = 2_147_483_647;

const CAP: Shape = Shape::Whole(0, INT32);
const PENALTY: Shape = Shape::Number(-2.0, 2.0);

/// Those that reach a provider, in the order of the alphabet.
pub const STANDARD: &[Field] = &[
    may(
        "audio",
        AUDIO,
        "Audio of the answer; required with `modalities` of `audio`.",
    ),
    may(
        "frequency_penalty",
        PENALTY,
        "Makes tokens less likely the more often they have come.",
    ),
    may(
        "function_call",
        Shape::Any,
        "Deprecated: see `tool_choice`.",
    ),
    may("functions", Shape::Any, "Deprecated: see `tools`."),
    may(
        "logit_bias",
        Shape::Inline(&LOGIT_BIAS),
        "Token ids with a bias from -100 to 100.",
    ),
    may(
        "logprobs",
        Shape::Bool,
        "Whether to give the log probabilities of the tokens.",
    ),
    may(
        "max_completion_tokens",
        CAP,
        "Tokens of the answer at most, reasoning included.",
    ),
    may(
        "max_tokens",
        CAP,
        "The older name of `max_completion_tokens`; the smaller of both holds.",
    ),
    must("messages", MESSAGES, "The conversation so far."),
    may(
        "metadata",
        METADATA,
        "Labels of the request; they stand in its record too.",
    ),
    may(
        "modalities",
        list(&Shape::Word(&["text", "audio"]), 0, 0),
        "What the answer may be made of.",
    ),
    may(
        "model",
        name(0),
        "A model's name, `provider/model`, an alias, `ollm::model_name::…` or `ollm::function_name::…`.",
    ),
    may("moderation", Shape::Any, "For the provider."),
    may(
        "n",
        Shape::One,
        "Answers; 1 is all that is supported on this route.",
    ),
    may(
        "parallel_tool_calls",
        Shape::Bool,
        "Whether several tools may be called at once.",
    ),
    may(
        "prediction",
        Shape::Any,
        "For the provider: text that the answer is expected to hold.",
    ),
    may(
        "presence_penalty",
        PENALTY,
        "Makes tokens less likely that have come.",
    ),
    may("prompt_cache_key", TEXT, "For the provider's cache."),
    may("prompt_cache_retention", TEXT, "For the provider's cache."),
    may(
        "reasoning_effort",
        TEXT,
        "How much to think; `auto` leaves it to the gateway.",
    ),
    may(
        "response_format",
        Shape::Inline(&RESPONSE_FORMAT),
        "What the answer must look like.",
    ),
    may(
        "safety_identifier",
        TEXT,
        "For the provider: who the end user is.",
    ),
    may(
        "seed",
        Shape::Whole(i64::MIN, i64::MAX),
        "For answers that repeat as far as can be.",
    ),
    may(
        "service_tier",
        Shape::Word(&["auto", "default", "priority", "flex"]),
        "The provider's tier of service.",
    ),
    may("stop", list(&TEXT, 0, 0), "Texts at which the answer ends."),
    may(
        "store",
        Shape::Bool,
        "For the provider: whether to keep the answer.",
    ),
    may(
        "stream",
        Shape::Bool,
        "Whether the answer comes as server-sent events.",
    ),
    may(
        "stream_options",
        Shape::Inline(&STREAM_OPTIONS),
        "Only with `stream: true`.",
    ),
    may(
        "temperature",
        Shape::Number(0.0, 2.0),
        "How much chance there is in the answer.",
    ),
    may(
        "thinking",
        THINKING,
        "How the model thinks before it answers.",
    ),
    may("tool_choice", TOOL_CHOICE, "Which tool is called."),
    may("tools", list(&TOOL, 0, 0), "What the model may call."),
    may(
        "top_k",
        Shape::Whole(0, i64::MAX),
        "The number of tokens to choose from.",
    ),
    may(
        "top_logprobs",
        Shape::Whole(0, 20),
        "Log probabilities a place; only with `logprobs: true`.",
    ),
    may(
        "top_p",
        Shape::Number(0.0, 1.0),
        "The mass of tokens to choose from.",
    ),
    may("user", TEXT, "For the provider: who the end user is."),
    may("verbosity", TEXT, "How long the answer is."),
    may(
        "web_search_options",
        Shape::Any,
        "For the provider's search.",
    ),
];

/// What the Orq route takes otherwise (W01).
pub(super) const ORQ: &[Field] = &[
    may("n", Shape::Whole(1, INT32), "Answers."),
    may(
        "stop",
        Shape::Either(&[TEXT, list(&TEXT, 0, 0)]),
        "A text, or texts, at which the answer ends.",
    ),
];

const AUDIO: Shape = object(&[
    must(
        "format",
        Shape::Word(&["wav", "mp3", "flac", "opus", "pcm16", "aac"]),
        "Its encoding.",
    ),
    must(
        "voice",
        Shape::Either(&[name(0), object(&[])]),
        "Who speaks: a name, or an object with an id.",
    ),
]);

const LOGIT_BIAS: Shape = Shape::Map(Map {
    values: &Shape::Number(-100.0, 100.0),
    most: 0,
    name: 0,
});

const METADATA: Shape = Shape::Map(Map {
    values: &text(512),
    most: 16,
    name: 64,
});

const RESPONSE_FORMAT: Shape = tagged(
    Tag {
        cases: &[
            ("text", &[]),
            ("json_object", &[]),
            ("json_schema", &["json_schema"]),
        ],
        open: false,
    },
    &[
        may("type", TEXT, "The kind of format."),
        may(
            "json_schema",
            object(&[
                must("name", IDENTIFIER, "Its name."),
                may("description", TEXT, "What it is for."),
                may("schema", OBJECT, "The JSON Schema."),
                may(
                    "strict",
                    Shape::Bool,
                    "Whether it is followed to the letter.",
                ),
            ]),
            "The schema of the answer.",
        ),
    ],
);

const STREAM_OPTIONS: Shape = object(&[
    may(
        "include_usage",
        Shape::Bool,
        "Whether a last chunk tells what was used.",
    ),
    may("include_obfuscation", Shape::Bool, "For the provider."),
]);

const THINKING: Shape = tagged(
    Tag {
        cases: &[("enabled", &[]), ("disabled", &[]), ("adaptive", &[])],
        open: false,
    },
    &[
        may("type", TEXT, "Whether it thinks."),
        may(
            "budget_tokens",
            Shape::Whole(1024, INT32),
            "Tokens of thought at most; below the token cap.",
        ),
        may(
            "thinking_level",
            Shape::Word(&["low", "high"]),
            "How much it thinks.",
        ),
    ],
);

const FUNCTION: Shape = object(&[
    must("name", IDENTIFIER, "Its name."),
    may("description", TEXT, "What it does."),
    may("parameters", OBJECT, "Its parameters as JSON Schema."),
    may(
        "strict",
        Shape::Bool,
        "Whether the schema is followed to the letter.",
    ),
]);

const NAMED: Shape = object(&[must("name", IDENTIFIER, "Its name.")]);

const TOOL: Shape = tagged(
    Tag {
        cases: &[("function", &["function"]), ("custom", &["custom"])],
        open: false,
    },
    &[
        may("type", TEXT, "The kind of tool."),
        may("function", FUNCTION, "A function."),
        may("custom", NAMED, "A tool with free input."),
    ],
);

const TOOL_CHOICE: Shape = Shape::Either(&[
    Shape::Word(&["none", "auto", "required"]),
    tagged(
        Tag {
            cases: &[
                ("function", &["function"]),
                ("custom", &["custom"]),
                ("allowed_tools", &["allowed_tools"]),
            ],
            open: false,
        },
        &[
            may("type", TEXT, "The kind of choice."),
            may("function", NAMED, "The function."),
            may("custom", NAMED, "The tool."),
            may("allowed_tools", OBJECT, "The tools to choose from."),
        ],
    ),
]);
