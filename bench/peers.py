"""Figures that are compared with but measured elsewhere: what we are to reach, and what others cost.

The others on 2026-11-20 by the same method: one 2-core machine, Envoy 1.40.0 with --concurrency 1 on one core, the load on
the other, interleaved rounds, and as a figure the median of the ratios to a bare Envoy in the same round. That Envoy had one
listener, one route and one cluster, and no more.
"""

DATE = "2026-11-20"
MUST = {"1 KB": 2.2, "10 KB": 2.1, "100 KB": 2.0, "1 MB": 2.6, "200 SSE chunks": 1.25}
GOAL = {"1 KB": 1.5, "10 KB": 1.5, "100 KB": 1.6, "1 MB": 2.0, "200 SSE chunks": 1.12}
FLOOR = 1.2  # times the floor, at most

NATIVE = "Envoy's `ai_protocol_manager` (C++, alpha), request parse alone"
RATIOS = {
    NATIVE: (1.30, 1.55, 3.65, 5.61, None),
    "Envoy's `json_to_metadata`, one field": (1.38, 2.76, 9.4, 16.4, None),
    "one Wasm filter that does nothing": (1.16, 1.17, 1.13, 1.06, None),
    "two Wasm filters that do nothing": (1.31, 1.45, None, None, None),
    "two lean Wasm filters: plan, headers, model, gate": (1.90, 1.89, None, None, None),
    "plano's LLM filter, no tokens counted": (2.57, 3.70, 8.05, 12.8, 1.8),
    "plano as shipped": (3760, 3790, 2470, 768, 37),
    "Portkey": (51, 35, 60, 79, None),
    "LiteLLM": (264, 308, 322, 313, 30),
}
REST = "Memory there: bare Envoy 65 MB, with one Rust filter 94 MB, plano 149–235 MB, LiteLLM 335 MB. Start of plano: 4–5 s."
