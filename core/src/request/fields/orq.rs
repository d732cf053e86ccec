//! The object `orq` (S3).

use crate::request::shape::{
    Field, OBJECT, Shape, TEXT, Tag, list, may, must, name, object, tagged, text,
};

pub(super) const ORQ: Shape = object(&[
    may("cache", CACHE, "The gateway's cache (W71)."),
    may("contact", IDENTITY, "The older name of `identity`."),
    may(
        "fallbacks",
        list(&object(&[must("model", name(0), "Its name.")]), 0, 5),
        "Models to try next (W30).",
    ),
    may("identity", IDENTITY, "Whom the request is for."),
    may(
        "inputs",
        INPUTS,
        "Values of variables in the messages (W70).",
    ),
    may(
        "knowledge_bases",
        list(&KNOWLEDGE, 0, 0),
        "Where passages are looked up (W72).",
    ),
    may("load_balancer", BALANCER, "Models by weight (W30)."),
    may(
        "name",
        text(256),
        "What the request is called in its record.",
    ),
    may(
        "prompt",
        object(&[
            must("id", name(0), "Its id."),
            must("version", name(0), "Its version."),
        ]),
        "A stored prompt (W73).",
    ),
    may(
        "retry",
        object(&[
            may(
                "count",
                Shape::Whole(1, 5),
                "Tries more of the same provider.",
            ),
            may(
                "on_codes",
                list(&Shape::Whole(100, 599), 0, 64),
                "The statuses that are tried again.",
            ),
        ]),
        "Tries of the same provider (W31).",
    ),
    may(
        "thread",
        object(&[
            must("id", name(256), "Its id."),
            may("tags", TAGS, "Words that it is found by."),
        ]),
        "The conversation that the request belongs to.",
    ),
    may(
        "timeout",
        object(&[must(
            "call_timeout",
            Shape::Whole(1, 2_147_483_647),
            "Of an attempt, milliseconds.",
        )]),
        "Time limits (W32).",
    ),
]);

const TAGS: Shape = list(&text(128), 0, 64);

const IDENTITY: Shape = object(IDENTITY_FIELDS);

const IDENTITY_FIELDS: &[Field] = &[
    must("id", name(256), "Its id."),
    may("display_name", text(512), "Its name for people."),
    may("email", text(512), "Its e-mail address."),
    may("logo_url", text(512), "Where a picture of it is."),
    may("metadata", list(&OBJECT, 0, 16), "What else is kept of it."),
    may("tags", TAGS, "Words that it is found by."),
];

const CACHE: Shape = tagged(
    Tag {
        cases: &[("exact_match", &[])],
        open: false,
    },
    &[
        may("type", TEXT, "The kind of cache."),
        may(
            "ttl",
            Shape::Whole(1, 259_200),
            "How long an answer is kept, seconds.",
        ),
    ],
);

const INPUTS: Shape = Shape::Either(&[
    OBJECT,
    list(
        &object(&[
            must("key", name(0), "The variable's name."),
            must("value", Shape::Any, "Its value."),
            may(
                "is_pii",
                Shape::Bool,
                "Whether the provider must not see it.",
            ),
        ]),
        0,
        0,
    ),
]);

const WEIGHTED: Shape = object(&[
    must("model", name(0), "The model's name."),
    may("weight", Shape::Number(0.001, 1.0), "Its share."),
]);

const BALANCER: Shape = Shape::Either(&[
    list(&WEIGHTED, 1, 64),
    tagged(
        Tag {
            cases: &[("weight_based", &["models"])],
            open: false,
        },
        &[
            may("type", TEXT, "The kind of balancer."),
            may("models", list(&WEIGHTED, 1, 64), "The models."),
        ],
    ),
]);

const FRACTION: Shape = Shape::Number(0.0, 1.0);

const KNOWLEDGE: Shape = object(&[
    must("knowledge_id", name(0), "Its id."),
    may(
        "agentic_rag_config",
        object(&[must("model", name(0), "The model's name.")]),
        "A model that judges.",
    ),
    may("filter_by", OBJECT, "Which passages."),
    may("query", TEXT, "What is looked for."),
    may(
        "rerank_config",
        object(&[
            must("model", name(0), "The model's name."),
            may("threshold", FRACTION, "The least score."),
            may("top_k", Shape::Whole(1, 100), "Passages at most."),
        ]),
        "How passages are put in order.",
    ),
    may(
        "search_options",
        object(&[
            may(
                "include_metadata",
                Shape::Bool,
                "Whether metadata is given.",
            ),
            may("include_scores", Shape::Bool, "Whether scores are given."),
            may("include_vectors", Shape::Bool, "Whether vectors are given."),
        ]),
        "What is given with a passage.",
    ),
    may(
        "search_type",
        Shape::Word(&["vector_search", "keyword_search", "hybrid_search"]),
        "How it is searched.",
    ),
    may("threshold", FRACTION, "The least score."),
    may("top_k", Shape::Whole(1, 100), "Passages at most."),
]);
