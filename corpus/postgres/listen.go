package postgres

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// execer is a transaction or a database.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Tell tells those who watch a channel that there is news. Within a transaction it is told when that commits.
func (db *DB) Tell(ctx context.Context, in execer, channel string) error {
	_, err := in.ExecContext(ctx, "SELECT pg_notify(?, '')", db.channel(channel))
	return err
}

// retryEvery is how long a listener or a candidate waits for a server that is away.
const retryEvery = 500 * time.Millisecond

// Watch calls look once, whenever another process tells of news on the channel, and every so often in any case, until ctx
// ends. Calls never overlap. What is told while nobody listens, since the server was away, is made up for by the next look.
func (db *DB) Watch(ctx context.Context, channel string, every time.Duration, look func(ctx context.Context), log *slog.Logger) {
	wake := make(chan struct{}, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		db.listen(ctx, channel, wake, log)
	}()
	defer func() { <-done }()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-tick.C:
		}
	}
}

// listen wakes somebody at every notice, and when it could listen again.
func (db *DB) listen(ctx context.Context, channel string, wake chan<- struct{}, log *slog.Logger) {
	well := true
	for ctx.Err() == nil {
		err := db.hear(ctx, channel, func() {
			well = true
			select {
			case wake <- struct{}{}:
			default: // somebody is about to look anyway
			}
		})
		if well && ctx.Err() == nil {
			well = false
			log.Warn("no news from other processes; looking for them now and then until the server answers", "database", db.name, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery):
		}
	}
}

// hear listens on a connection of its own until something goes wrong.
func (db *DB) hear(ctx context.Context, channel string, heard func()) error {
	c, err := db.dedicated(ctx, nil)
	if err != nil {
		return err
	}
	defer closeSoon(c)
	if _, err := c.Exec(ctx, "LISTEN "+pgx.Identifier{db.channel(channel)}.Sanitize()); err != nil {
		return err
	}
	for {
		heard() // the first time for what was told before
		if _, err := c.WaitForNotification(ctx); err != nil {
			return err
		}
	}
}

// channel is the name of a channel of this schema: channels are those of the whole database.
func (db *DB) channel(name string) string { return db.schema + "_" + name }

// dedicated opens a connection beside the pool, with settings of its own.
func (db *DB) dedicated(ctx context.Context, settings map[string]string) (*pgx.Conn, error) {
	config := db.config.Copy()
	// A server whose machine is gone sends no farewell. Three unanswered questions, one a second, are enough; the server asks
	// the same of the client, so that the locks of a machine that is gone are free as soon.
	for key, value := range map[string]string{"tcp_keepalives_idle": "1", "tcp_keepalives_interval": "1", "tcp_keepalives_count": "3", "tcp_user_timeout": "4000"} {
		config.RuntimeParams[key] = value
	}
	for key, value := range settings {
		config.RuntimeParams[key] = value
	}
	return pgx.ConnectConfig(ctx, config)
}

// closeSoon closes a connection without waiting long for a server that may be gone.
func closeSoon(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx) // the server sees the end of the connection in any case
}
