//! Bodies as callers send them, made up and the same on every run.

/// What a body has in it.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A long conversation: prose, code with its escapes, some text beyond ASCII.
    Chat,
    /// The same with tools, calls of them, and content in parts with a picture.
    Tools,
}

const SYSTEM: &str = r#"{"role":"system","content":"You are a careful assistant. Answer briefly, in the language of the question."}"#;

/// What users say: escaped as JSON.
const QUESTIONS: [&str; 3] = [
    r"Our nightly job slowed down after the last release. It reads about forty thousand rows, groups them by customer and writes one file each. Which part would you look at first, and what would you measure before you change anything?",
    r"C’est bien ça : le tri prend 80 % du temps. Peut-on l’éviter sans tout garder en mémoire ?",
    r"ありがとう。もう一つ質問です。ファイルの代わりに S3 に書く場合、何に気をつければいいですか？",
];

/// Of which answers are made, four paragraphs each: escaped as JSON.
const PARAGRAPHS: [&str; 6] = [
    r"Measure first, then change one thing:\n\n1. **Time per stage** \u2013 reading, grouping, writing.\n2. **Files open at once** \u2013 one per customer adds up.\n3. **Memory** \u2013 if the machine swaps, all other numbers mean nothing.",
    r#"```python\nfor name, rows in groupby(sorted(rows, key=by_customer), by_customer):\n    with open(f\"out/{name}.csv\", \"w\", newline=\"\") as f:\n        csv.writer(f).writerows(rows)\n```"#,
    r"If the *sort* dominates, let the database do it: it has the rows in an index already, and a cursor hands them over in batches, so that the job needs no more memory than one batch takes. The files then come out in the same order as before, and nothing downstream has to know.",
    r#"Ajoutez `ORDER BY client_id` à la requête et lisez le curseur par lots :\n\n```sql\nSELECT client_id, \"date\", montant\nFROM ventes\nORDER BY client_id, \"date\";\n```"#,
    r"Avec un index sur `(client_id, date)`, la base rend les lignes déjà triées ✅ et la mémoire reste constante, quel que soit le nombre de clients.",
    r#"Three things matter there: the number of requests (one per customer is fine at this size), retries that are *idempotent* because the key is the same, and a path such as \"s3:\/\/bucket\/2024\/07\/customer=42\/part-0.csv\" that sorts well.\tNothing else changes."#,
];

/// Turns with calls of tools and content in parts; `PICTURE` stands for one.
const CALLS: [&str; 3] = [
    r#"{"role":"user","content":[{"type":"text","text":"What does this chart say about \"churn\"?\nCompare it with last year."},{"type":"image_url","image_url":{"url":"data:image/png;base64,PICTURE","detail":"low"}}]}"#,
    r#"{"role":"assistant","content":null,"tool_calls":[{"id":"call_8f2c","type":"function","function":{"name":"query_metrics","arguments":"{\"metric\": \"churn\", \"from\": \"2023-01-01\", \"to\": \"2023-12-31\", \"group_by\": [\"month\", \"plan\"]}"}}]}"#,
    r#"{"role":"tool","tool_call_id":"call_8f2c","content":"[{\"month\": \"2023-01\", \"plan\": \"basic\", \"value\": 0.031}, {\"month\": \"2023-02\", \"plan\": \"basic\", \"value\": 0.029}, {\"month\": \"2023-03\", \"plan\": \"pro\", \"value\": 0.012}]"}"#,
];

const TOOL: &str = r#"{"type":"function","function":{"name":"query_metrics","description":"Reads a metric from the warehouse.","parameters":{"type":"object","properties":{"metric":{"type":"string","enum":["churn","revenue"]},"from":{"type":"string","format":"date"},"limit":{"type":"integer","minimum":1,"maximum":1000}},"required":["metric"],"additionalProperties":false}}}"#;

/// A body of `len` bytes, or of the least that its shape takes. A message has about an eighth of them, from 200 to 2,000,
/// in which case users paste what they ask about. The model stands after the messages, as OpenAI's SDKs
/// write it: what changes the model of an attempt has to reach over all of them.
#[must_use]
pub fn body(shape: Shape, len: usize, model: &str, stream: bool) -> Vec<u8> {
    let (mut turns, mut tools) = (Vec::new(), String::new());
    if let Shape::Tools = shape {
        let picture = "iVBORw0KGgoAAAANSUhEUgAA".repeat(len.min(100_000) / 500);
        turns.extend(CALLS.map(|call| call.replace("PICTURE", &picture)));
        let list = vec![TOOL; (len / 4_000).clamp(1, 8)].join(",");
        tools = format!(",\"tools\":[{list}],\"tool_choice\":\"auto\"");
    }
    let message = (len / 8).clamp(200, 2_000);
    for (i, question) in QUESTIONS.iter().enumerate() {
        let pasted = said(i, message.saturating_sub(question.len()));
        turns.push(format!(
            "{{\"role\":\"user\",\"content\":\"{question}{pasted}\"}}"
        ));
        let answer = said(i + 1, message);
        turns.push(format!(
            "{{\"role\":\"assistant\",\"content\":\"{answer}\"}}"
        ));
    }
    let after = format!(
        "],\"model\":\"{model}\",\"temperature\":0.7,\"max_tokens\":1024,\"stream\":{stream}{tools},\"user\":\"u-4711\"}}"
    );
    let mut body = format!("{{\"messages\":[{SYSTEM}");
    for turn in turns.iter().cycle() {
        if body.len() + turn.len() + 1 + after.len() > len {
            break;
        }
        body.push(',');
        body.push_str(turn);
    }
    let last = ",{\"role\":\"user\",\"content\":\"\"}";
    if let Some(left) = len.checked_sub(body.len() + last.len() + after.len()) {
        let words = "Please go on from there, and keep it short. ";
        let text: String = words.chars().cycle().take(left).collect();
        body.push_str(&last.replace("\"\"", &format!("\"{text}\"")));
    }
    body.push_str(&after);
    body.into_bytes()
}

/// Paragraphs from the `i`th on, of about so many bytes in all, each behind an empty line: escaped as JSON.
fn said(i: usize, bytes: usize) -> String {
    let mut text = String::new();
    for paragraph in paragraphs(i) {
        if text.len() + paragraph.len() / 2 > bytes {
            break;
        }
        text.push_str(r"\n\n");
        text.push_str(paragraph);
    }
    text
}

fn paragraphs(i: usize) -> impl Iterator<Item = &'static str> {
    PARAGRAPHS.into_iter().cycle().skip(i * 2)
}

/// An answer: four paragraphs, escaped as JSON.
#[must_use]
pub fn answer(i: usize) -> String {
    paragraphs(i).take(4).collect::<Vec<_>>().join(r"\n\n")
}
