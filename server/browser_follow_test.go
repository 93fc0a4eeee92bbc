package server_test

import (
	"context"
	"time"

	"tongsou/server"
	"tongsou/server/follow"
	mailer "tongsou/server/post"
)

// nobody is a book of followers in which nobody stands, for pages that only offer to follow.
type nobody struct{ server.Followers }

func (nobody) Forget(context.Context) error { return nil }

func (nobody) ToConfirm(context.Context, int) ([]follow.Subscription, error) { return nil, nil }

func (nobody) Due(context.Context, int) ([][]follow.Subscription, error) { return nil, nil }

func (nobody) Times(context.Context, ...string) (map[string]time.Time, error) { return nil, nil }

func (nobody) Changes(context.Context, int64, int, ...string) ([]follow.Change, error) {
	return nil, nil
}

// silent is a mailer that nothing is given to.
type silent struct{}

func (silent) Send(context.Context, mailer.Letter) error { return nil }
