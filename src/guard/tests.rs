//! Tables of facts about streams that are over a cap.
