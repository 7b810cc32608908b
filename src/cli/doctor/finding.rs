//! What a look at something found, and how all of it is told.

use serde_json::json;

use crate::cli::output::Answer;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Ok,
    /// It could not be looked at from here.
    Skipped,
    Warning,
    Failed,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) level: Level,
    /// What is so.
    pub(super) what: String,
    /// Why it matters, and what to do; nothing where all is well.
    pub(super) advice: Option<(&'static str, String)>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, what: what.into(), advice: None }
    }

    pub(super) fn skipped(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, level: Level::Skipped, what: what.into(), advice: None }
    }

    pub(super) fn warning(check: &'static str, what: impl Into<String>, (why, remedy): (&'static str, &str)) -> Self {
        Self { check, level: Level::Warning, what: what.into(), advice: Some((why, remedy.to_owned())) }
    }

    pub(super) fn failed(check: &'static str, what: impl Into<String>, (why, remedy): (&'static str, &str)) -> Self {
        Self { check, level: Level::Failed, what: what.into(), advice: Some((why, remedy.to_owned())) }
    }
}

/// Failures make the exit code 1; warnings do not.
pub(super) fn report(findings: &[Finding]) -> Answer {
    let worst = findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok);
    let count = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let mut lines: Vec<String> = findings.iter().map(tell).collect();
    lines.push(format!(
        "{} failed, {} warnings, {} looked at.",
        count(Level::Failed),
        count(Level::Warning),
        findings.len() - count(Level::Skipped)
    ));
    let all: Vec<serde_json::Value> = findings
        .iter()
        .map(|finding| {
            let (why, remedy) = finding.advice.as_ref().map(|(why, remedy)| (*why, remedy.as_str())).unzip();
            json!({ "check": finding.check, "level": finding.level.as_str(), "what": finding.what, "why": why, "remedy": remedy })
        })
        .collect();
    let json =
        json!({ "healthy": worst < Level::Failed, "failed": count(Level::Failed), "warnings": count(Level::Warning), "findings": all });
    Answer { bad: worst == Level::Failed, ..Answer::new(lines.join("\n"), &json) }
}

fn tell(finding: &Finding) -> String {
    let head = format!("{:<8} {:<12} {}", finding.level.as_str(), finding.check, finding.what);
    match &finding.advice {
        Some((why, remedy)) => format!("{head}\n{:21} Why: {why}\n{:21} Do:  {remedy}", "", ""),
        None => head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_the_exit_code_and_a_warning_is_not() {
        let warning = Finding::warning("clock", "2 s off", ("codes", "set it"));
        let answer = report(&[Finding::ok("issuer", "answers"), warning.clone()]);
        assert!(!answer.bad && answer.text.contains("Do:  set it") && answer.text.contains("0 failed, 1 warnings, 2 looked at."));
        assert_eq!(answer.json["findings"][1]["remedy"], "set it");
        let answer = report(&[warning, Finding::failed("keys", "gone", ("nothing opens", "bring them back"))]);
        assert!(answer.bad);
        assert_eq!(answer.json["healthy"], false);
    }
}
