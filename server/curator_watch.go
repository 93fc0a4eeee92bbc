package server

import (
	"context"
)

// watch puts into force what other servers over the same store publish, in the background until close.
func (c *curator) watch() {
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	if c.store != nil {
		c.watching.Go(func() { c.store.Watch(ctx, c.refresh, c.options.Log) })
	}
}

func (c *curator) close() {
	c.stop()
	c.watching.Wait()
}

// refresh puts what is published into force unless it is already. Publishing here waits meanwhile, so that an older version
// never takes the place of a newer one.
func (c *curator) refresh(ctx context.Context) {
	c.publishing.Lock()
	defer c.publishing.Unlock()
	now, err := c.store.Current(ctx)
	if err == nil && now.ID != c.version.Load() {
		err = c.enforce(now)
		c.version.Store(now.ID) // one that cannot be enforced is not tried again and again
	}
	if err != nil && ctx.Err() == nil {
		c.options.Log.Warn("what other servers published is not known; looking again", "error", err)
	}
}
