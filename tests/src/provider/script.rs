//! What a provider does next.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::chat::Chat;

/// Turns that are taken one after another, and what comes when there are none left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// For the next requests, one each.
    pub queue: VecDeque<Turn>,
    /// For all that follow.
    pub default: Turn,
}

/// What one request gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// This, whatever was asked.
    Answer(Answer),
    /// This completion, plain or as a stream, as it was asked.
    Chat(Chat),
}

impl Script {
    /// The same for every request.
    #[must_use]
    pub fn always(turn: impl Into<Turn>) -> Self {
        Self {
            queue: VecDeque::new(),
            default: turn.into(),
        }
    }

    /// One turn more in the queue.
    #[must_use]
    pub fn then(mut self, turn: impl Into<Turn>) -> Self {
        self.queue.push_back(turn.into());
        self
    }

    pub(super) fn next(&mut self, body: &[u8]) -> Answer {
        let turn = self.queue.pop_front();
        let turn = turn.unwrap_or_else(|| self.default.clone());
        match turn {
            Turn::Answer(answer) => answer,
            Turn::Chat(chat) => {
                let request: Value = serde_json::from_slice(body).unwrap_or_default();
                chat.answer(&request)
            }
        }
    }
}

impl Default for Turn {
    fn default() -> Self {
        Self::Chat(Chat::default())
    }
}

impl From<Answer> for Turn {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl From<Chat> for Turn {
    fn from(chat: Chat) -> Self {
        Self::Chat(chat)
    }
}

impl<T: Into<Turn>> From<T> for Script {
    fn from(turn: T) -> Self {
        Self::always(turn)
    }
}
