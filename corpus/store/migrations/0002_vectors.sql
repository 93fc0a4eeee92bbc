-- Vectors of meaning, by model and passage; see vectors.go.
CREATE TABLE vector (
	model text COLLATE "C" NOT NULL,
	unit  text COLLATE "C" NOT NULL,
	doc   text COLLATE "C" NOT NULL,
	hash  bytea NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (model, unit)
);
ALTER TABLE vector ALTER COLUMN value SET STORAGE PLAIN;
CREATE INDEX vector_doc ON vector (model, doc);
