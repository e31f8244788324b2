-- A message that is about to leave is asked of which audience's message it is.
CREATE INDEX audience_written_message ON audience_written (message_id);
