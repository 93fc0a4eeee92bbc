-- A file of the first schema with two versions.
CREATE TABLE key (
	id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash BLOB NOT NULL,
	created INTEGER NOT NULL, expires INTEGER NOT NULL, revoked INTEGER NOT NULL -- 0: never
) WITHOUT ROWID;
CREATE TABLE audit (
	id INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
	before TEXT NOT NULL, after TEXT NOT NULL
);
CREATE TABLE draft (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL, entries TEXT NOT NULL);
INSERT INTO draft VALUES (1, 0, '[]');
CREATE TABLE version (
	id INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL, entries TEXT NOT NULL
);
CREATE TABLE decision (
	query TEXT PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, taken INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE answered (
	key TEXT PRIMARY KEY, time INTEGER NOT NULL, body TEXT NOT NULL, status INTEGER NOT NULL, answer BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX answered_time ON answered(time);
INSERT INTO version VALUES (1, 1700000000, '张工', '', '[{"id":1,"kind":"deny","text":"甲"}]');
INSERT INTO version VALUES (2, 1700000100, '张工', '', '[{"id":1,"kind":"deny","text":"甲"},{"id":2,"kind":"deny","text":"乙"}]');
UPDATE draft SET last = 2, entries = '[{"id":1,"kind":"deny","text":"甲"},{"id":2,"kind":"deny","text":"乙"}]';
PRAGMA application_id = 0x544F4E43;
PRAGMA user_version = 1;
