-- A book of the first schema: addresses in the clear.
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE state ( -- how each document was when it was last looked at
	id TEXT PRIMARY KEY, hash BLOB NOT NULL, superseded TEXT NOT NULL, repealed TEXT NOT NULL,
	time INTEGER NOT NULL -- when it became so; 0 for what was there before anybody looked
) WITHOUT ROWID;
CREATE TABLE change (
	n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, time INTEGER NOT NULL, what TEXT NOT NULL,
	title TEXT NOT NULL, since TEXT NOT NULL -- the day from which it counts
);
CREATE INDEX change_id ON change(id);
CREATE TABLE address (
	id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE,
	sent INTEGER NOT NULL, -- when it last got what is new
	checked INTEGER NOT NULL, -- when it was last looked whether there is any
	refused INTEGER NOT NULL
);
CREATE TABLE subscription (
	id INTEGER PRIMARY KEY, address INTEGER NOT NULL REFERENCES address(id) ON DELETE CASCADE,
	kind TEXT NOT NULL, target TEXT NOT NULL, label TEXT NOT NULL,
	token TEXT NOT NULL UNIQUE, -- confirms it
	created INTEGER NOT NULL, mailed INTEGER NOT NULL, confirmed INTEGER NOT NULL, seen TEXT NOT NULL,
	UNIQUE (address, kind, target)
);
INSERT INTO address VALUES (1, 'old-zhang@example.org', 'LEAVE-ZHANG', 0, 0, 2);
INSERT INTO address VALUES (7, 'old-li@example.org', 'LEAVE-LI', 5, 6, 0);
INSERT INTO subscription VALUES (1, 1, 'search', 'q=落户', '落户', 'YES-1', 100, 101, 102, '{"ids":["a"]}');
INSERT INTO subscription VALUES (2, 7, 'document', 'law', '某条例', 'YES-2', 100, 101, 102, '{"change":3}');
INSERT INTO subscription VALUES (3, 7, 'search', 'q=取暖', '取暖', 'YES-3', 100, 101, 102, '{}');
PRAGMA application_id = 0x544F4E46;
PRAGMA user_version = 1;
