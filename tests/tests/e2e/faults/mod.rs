//! The fault suite: whatever goes wrong at the first of two providers, the caller has its answer
//! from the second, or, once it has content, an honest end (W31, W34, W35, W50).
//!
//! Each fault is tried plain and streamed, and with either provider as the first. `make faults`
//! prints the table.

mod fault;
mod row;
mod run;
mod table;

use std::collections::BTreeSet;

use row::Row;

#[tokio::test]
async fn w31_w34_w35_every_fault_ends_as_it_must_and_is_told_truly() {
    let faults = table::faults();
    let names: BTreeSet<_> = faults.iter().map(|fault| fault.name).collect();
    assert!(
        names.len() == faults.len() && names.len() >= 20,
        "{names:?}"
    );
    let rows = run::run(&faults).await;
    assert_eq!(rows.len(), faults.len() * 4, "a row is missing");
    print(&rows, &faults);
    let wrong: Vec<_> = rows.iter().filter(|row| !row.wrong.is_empty()).collect();
    for row in &wrong {
        println!(
            "\n{}, {}, {} first:",
            row.fault,
            asked(row.stream),
            row.names[0]
        );
        row.wrong.iter().for_each(|line| println!("  {line}"));
    }
    assert!(
        wrong.is_empty(),
        "{} of {} are not as they must be",
        wrong.len(),
        rows.len()
    );
}

/// The table: a line a fault and way of asking, both orders of the providers in it.
fn print(rows: &[Row], faults: &[fault::Fault]) {
    let line = |cells: [&str; 7]| {
        let [fault, asked, first, answer, record, one, other] = cells;
        println!(
            "| {fault:<30} | {asked:<8} | {first:<25} | {answer:<19} | {record:<33} | {one:<6} | {other:<6} |"
        );
    };
    println!();
    line([
        "fault",
        "asked",
        "route",
        "the caller's answer",
        "the record",
        "openai",
        "azure",
    ]);
    line(["---"; 7]);
    for fault in faults {
        for stream in [false, true] {
            let own = |row: &&Row| row.fault == fault.name && row.stream == stream;
            let verdict = |first: &str| {
                let row = rows.iter().filter(own).find(|row| row.names[0] == first);
                row.map_or(
                    "none",
                    |row| if row.wrong.is_empty() { "ok" } else { "WRONG" },
                )
            };
            let Some(row) = rows.iter().find(own) else {
                continue;
            };
            let [first, second] = row.names;
            let route = row.route.replace(first, "1st").replace(second, "2nd");
            line([
                fault.name,
                asked(stream),
                &route,
                &row.ending.to_string(),
                &row.told,
                verdict("openai"),
                verdict("azure"),
            ]);
        }
    }
    let right = rows.iter().filter(|row| row.wrong.is_empty()).count();
    println!(
        "\n{} faults, {} requests, {right} as they must be",
        faults.len(),
        rows.len()
    );
}

fn asked(stream: bool) -> &'static str {
    if stream { "streamed" } else { "plain" }
}
