package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Options of Open.
type Options struct {
	// DSN is the server, the database, the user and the password: postgres://user:password@host:5432/database, or pairs of
	// key=value. PGPASSFILE and the like are read as every client of PostgreSQL does.
	DSN string
	// Schema is where the tables stand. It is made when it is not there.
	Schema string
	// Migrations has SQL files whose names begin with their number: migrations/0001_start.sql. Each is run once, in order.
	Migrations fs.FS
	// Connections bounds how many are open at once; 0 means 8.
	Connections int
}

// DB is an open schema of a database. Its methods may be called from any number of goroutines.
type DB struct {
	*sql.DB
	name   string
	schema string
	config *pgx.ConnConfig
}

// connectTime bounds how long a connection may take, so that a server that is gone is told soon.
const connectTime = 5 * time.Second

// Open connects, and brings the schema to what the program needs. A schema of a newer program is an error that says so.
// No error holds the password.
func Open(ctx context.Context, o Options) (*DB, error) {
	config, err := pgx.ParseConfig(o.DSN)
	if err != nil {
		// pgx hides the password, but shows the rest of what it could not read, which may hold it in another place.
		return nil, errors.New("open PostgreSQL: the address cannot be read; write it as postgres://user:password@host:5432/database")
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, connectTime)
	config.RuntimeParams["search_path"] = o.Schema
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "tongsou"
	}
	db := &DB{schema: o.Schema, config: config, name: place(config)}
	db.DB = sql.OpenDB(connector{stdlib.GetConnector(*config)})
	// A connection that rested for long may have been cut by what stands between; one of half an hour is made anew.
	db.SetMaxOpenConns(cmp.Or(o.Connections, 8))
	db.SetMaxIdleConns(4)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(30 * time.Minute)
	if err := db.migrate(ctx, o.Migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", db.name, advise(err)), db.Close())
	}
	return db, nil
}

// place names the database for messages: never with the password.
func place(c *pgx.ConnConfig) string {
	return "PostgreSQL " + c.Host + ":" + strconv.Itoa(int(c.Port)) + "/" + c.Database
}

// String names the database, without the password.
func (db *DB) String() string { return db.name }

// advise says what to do about what servers answer.
func advise(err error) error {
	var connect *pgconn.ConnectError
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server) && server.Code[:2] == "28": // invalid authorization
		return errors.New(server.Message + "; check the user and the password in postgres.dsn")
	case errors.As(err, &server) && server.Code == "3D000": // no such database
		return errors.New(server.Message + "; make it with createdb, encoding UTF8")
	case errors.As(err, &server) && server.Code == "42501": // insufficient privilege
		return fmt.Errorf("%w; the user must own the database, or be granted CREATE on it", err)
	case errors.As(err, &connect):
		// The error names the whole configuration but the password.
		return fmt.Errorf("no connection: %w; check that the server runs and that its address in postgres.dsn is right", errors.Unwrap(connect))
	}
	return err
}

// Down reports whether an error means that the server was not there, or went away, rather than that it said no: the same
// may succeed a moment later.
func Down(err error) bool {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		// 57P01 to 57P03: it is being stopped, it crashed, it is starting; 08: connection; 53300: too many connections.
		return server.Code == "57P01" || server.Code == "57P02" || server.Code == "57P03" || server.Code[:2] == "08" || server.Code == "53300"
	}
	return err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, sql.ErrNoRows) && pgconn.SafeToRetry(err) || errors.As(err, new(*pgconn.ConnectError))
}
