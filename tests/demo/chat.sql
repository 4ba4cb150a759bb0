-- A chat application in KalamDB's style: each user's messages apart, rooms that
-- all share, and typing events that live for seconds.  The blocks below are the
-- life of the schema: every block is one transaction, and every ALTER in it
-- makes a version of its table.

BEGIN;
CREATE NAMESPACE chat WITH (owner = 'team-chat', quota = 10) COMMENT 'Chat application';

CREATE USER TABLE chat.messages (
  id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(),
  room_id BIGINT NOT NULL COMMENT 'references rooms.id',
  author TEXT NOT NULL DEFAULT CURRENT_USER(),
  content TEXT NOT NULL,
  sent_at TIMESTAMP NOT NULL DEFAULT NOW()
) WITH (FLUSH_POLICY = 'rows:1000,interval:60') COMMENT 'Messages, for each user apart';

CREATE SHARED TABLE chat.rooms (
  id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(),
  name VARCHAR(80) NOT NULL,
  is_private BOOLEAN NOT NULL DEFAULT FALSE,
  created_at TIMESTAMP NOT NULL DEFAULT NOW()
) WITH (ACCESS_LEVEL = 'public') COMMENT 'Rooms that everybody sees';

CREATE STREAM TABLE chat.typing (
  room_id BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  is_typing BOOLEAN NOT NULL DEFAULT TRUE,
  at TIMESTAMP NOT NULL DEFAULT NOW()
) WITH (TTL_SECONDS = 30) COMMENT 'Who is typing right now';
COMMIT;

BEGIN; -- search by meaning
ALTER TABLE chat.messages
  ADD COLUMN embedding EMBEDDING(1536) COMMENT 'of content, for search by meaning',
  ADD COLUMN metadata JSON;
COMMIT;

BEGIN; -- files, and a name that says more
ALTER TABLE chat.messages ADD COLUMN attachment FILE, RENAME COLUMN metadata TO client_info;
ALTER TABLE chat.rooms ADD COLUMN topic TEXT NOT NULL DEFAULT '';
COMMIT;

BEGIN; -- nobody used client_info; typing events may take a little space only
ALTER TABLE chat.messages DROP COLUMN client_info;
ALTER TABLE chat.typing SET (EVICTION_STRATEGY = 'hybrid', MAX_STREAM_SIZE_BYTES = 16777216);
COMMIT;
