package journal

import (
	"context"
	"fmt"
	"time"
)

// How often the writer wakes by itself, and how often it looks for what is old enough to forget.
const (
	writeEvery  = time.Second
	forgetEvery = time.Hour
)

// write is the one goroutine that writes. It gathers entries until a batch is full, a second has passed or somebody
// waits for one of them.
func (j *Journal) write() {
	defer close(j.stopped)
	ctx := context.Background() // what was taken from the queue is written, whoever asked for it is gone or not
	j.forget(ctx)
	wake, forget := time.NewTicker(writeEvery), time.NewTicker(forgetEvery)
	defer wake.Stop()
	defer forget.Stop()
	var batch []entry
	for {
		select {
		case e := <-j.queue:
			if batch = append(batch, e); e.done != nil || len(batch) >= batchSize {
				batch = j.flush(ctx, batch)
			}
		case <-wake.C:
			batch = j.flush(ctx, batch)
		case <-forget.C:
			j.forget(ctx)
		case <-j.stop:
			j.drain(ctx, batch)
			return
		}
	}
}

func (j *Journal) drain(ctx context.Context, batch []entry) {
	for {
		select {
		case e := <-j.queue:
			batch = append(batch, e)
		default:
			j.flush(ctx, batch)
			return
		}
	}
}

// flush writes a batch in one transaction and returns it empty.
func (j *Journal) flush(ctx context.Context, batch []entry) []entry {
	if len(batch) == 0 {
		return batch
	}
	err := j.insert(ctx, batch)
	if err != nil {
		j.options.Log.Error("the journal was not written", "path", j.path, "entries", len(batch), "error", err)
	}
	for _, e := range batch {
		if e.done != nil {
			e.done <- err
		} else if err != nil {
			j.dropped.Add(1)
		}
	}
	clear(batch)
	return batch[:0]
}

func (j *Journal) insert(ctx context.Context, batch []entry) error {
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write journal %s: %w", j.path, err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	for _, e := range batch {
		if _, err := tx.ExecContext(ctx, e.insert, e.args...); err != nil {
			return fmt.Errorf("write journal %s: %w", j.path, err)
		}
	}
	return tx.Commit()
}

// forget deletes what is older than the retention.
func (j *Journal) forget(ctx context.Context) {
	before := j.options.Now().Add(-j.options.Retention).Unix()
	for _, table := range tables {
		if _, err := j.db.ExecContext(ctx, "DELETE FROM "+table+" WHERE time < ?", before); err != nil {
			j.options.Log.Error("old entries of the journal were not deleted", "path", j.path, "table", table, "error", err)
		}
	}
}
