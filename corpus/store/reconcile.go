package store

import "context"

// ordered gives the rows of a table one by one, in their order.
type ordered[T any] struct {
	// read gives the rows behind one, none at the end.
	read  func(ctx context.Context, after T) ([]T, error)
	batch []T
	last  T
	ended bool
}

// next is the next row that was not taken, or nothing at the end.
func (o *ordered[T]) next(ctx context.Context) (*T, error) {
	if len(o.batch) == 0 && !o.ended {
		var err error
		if o.batch, err = o.read(ctx, o.last); err != nil {
			return nil, err
		}
		o.ended = len(o.batch) == 0
	}
	if o.ended {
		return nil, nil // the end
	}
	return &o.batch[0], nil
}

func (o *ordered[T]) take() {
	o.last = o.batch[0]
	o.batch = o.batch[1:]
}

// reconciliation makes a table what the same table of another store is, by going through both in order.
type reconciliation[T any] struct {
	from, to ordered[T]
	compare  func(a, b T) int
	same     func(a, b T) bool
	// put takes rows out of the target and puts others in, each in place of one with its key.
	put         func(ctx context.Context, gone, fresh []T) error
	gone, fresh []T
}

func (r *reconciliation[T]) run(ctx context.Context) error {
	for {
		theirs, err := r.from.next(ctx)
		if err != nil {
			return err
		}
		ours, err := r.to.next(ctx)
		if err != nil {
			return err
		}
		ended := theirs == nil && ours == nil
		if !ended {
			r.step(theirs, ours)
		}
		if waiting := len(r.gone) + len(r.fresh); waiting >= copyBatch || ended && waiting > 0 {
			if err := r.put(ctx, r.gone, r.fresh); err != nil {
				return err
			}
			r.gone, r.fresh = r.gone[:0], r.fresh[:0]
		}
		if ended {
			return nil
		}
	}
}

// step takes the lesser of two rows, or both when they have the same key. One of them may be missing.
func (r *reconciliation[T]) step(theirs, ours *T) {
	var order int
	switch {
	case ours == nil:
		order = -1
	case theirs == nil:
		order = 1
	default:
		order = r.compare(*theirs, *ours)
	}
	switch {
	case order < 0:
		r.fresh = append(r.fresh, *theirs)
	case order > 0:
		r.gone = append(r.gone, *ours)
	case !r.same(*theirs, *ours):
		r.fresh = append(r.fresh, *theirs)
	}
	if order <= 0 {
		r.from.take()
	}
	if order >= 0 {
		r.to.take()
	}
}
