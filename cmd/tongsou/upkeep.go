package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/server"
)

// upkeep is what a serve knows of its own data beside what the engine says.
type upkeep struct {
	mu     sync.Mutex
	faults []string
	// rebuilding is held by the one rebuild at a time; others that are asked for meanwhile are refused.
	rebuilding sync.Mutex
}

func (u *upkeep) fault(reason string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !slices.Contains(u.faults, reason) {
		u.faults = append(u.faults, reason)
	}
}

// Health implements server.Upkeep.
func (p *program) Health() index.Health {
	h := p.engine.Health()
	p.upkeep.mu.Lock()
	defer p.upkeep.mu.Unlock()
	h.Faults = slices.Concat(h.Faults, p.upkeep.faults)
	return h
}

// Rebuild implements server.Upkeep: it begins a rebuild and returns.
func (p *program) Rebuild() error {
	if !p.upkeep.rebuilding.TryLock() {
		return server.ErrRebuilding
	}
	p.upkeep.rebuilding.Unlock()
	p.behind.Go(func() { _ = p.rebuild(p.life, "工作台要求重建") }) // it is logged, and Health tells
	return nil
}

var errRebuilding = fmt.Errorf("正在重建索引，请等它做完，进度见 /readyz：%w", server.ErrRebuilding)

// rebuild makes the index anew beside the one in use.
func (p *program) rebuild(ctx context.Context, why string) error {
	if !p.upkeep.rebuilding.TryLock() {
		return errRebuilding
	}
	defer p.upkeep.rebuilding.Unlock()
	p.log.Info("正在旁边重建索引；其间照常回答", "why", why)
	began := time.Now()
	err := p.engine.Rebuild(ctx, index.Feed(p.store))
	if err != nil && ctx.Err() == nil {
		p.log.Error("重建索引失败，继续用旧索引", "error", err)
	} else if err == nil {
		p.log.Info("索引已重建", "seconds", time.Since(began).Seconds())
	}
	return err
}

// ahead makes sure that an index that has seen more than the store tells is used no more: its store was set back, or lost
// its end.
func ahead(ctx context.Context, s *store.Store, e engine) (fault string, err error) {
	last, err := s.Sequence(ctx)
	if err != nil || e.Sequence() <= last {
		return "", err
	}
	fault = foreignIndex(e.Sequence(), last)
	return fault, e.Distrust(fault, false)
}

// tally compares the number of documents of each kind and distrusts an index that has other numbers. While somebody
// writes there is nothing to compare, nor where damage is known.
func tally(ctx context.Context, s *store.Store, e engine) error {
	last, err := s.Sequence(ctx)
	if err != nil || e.Sequence() != last || len(e.Health().Faults) > 0 {
		return err
	}
	counts, err := s.Count(ctx)
	if err != nil {
		return err
	}
	st, err := e.Status(ctx)
	if err != nil {
		return err
	}
	now, err := s.Sequence(ctx)
	if err != nil || now != last || st.Sequence != last {
		return err
	}
	for _, k := range corpus.Kinds() {
		if counts[k] != st.Documents[k] {
			return e.Distrust(fmt.Sprintf("%s：存储有 %d 篇，索引有 %d 篇", index.KindLabel(k), counts[k], st.Documents[k]), true)
		}
	}
	return nil
}

// mendEvery is how long a serve waits before it tries again to mend a damaged index.
const mendEvery = 20 * time.Second

// mend rebuilds an index that is stale or damaged; a damaged one again and again until it is whole, since it takes no
// changes before.
func (p *program) mend(ctx context.Context) {
	if err := tally(ctx, p.store, p.engine); err != nil && ctx.Err() == nil {
		p.log.Error("核对索引与存储的篇数时出错", "error", err)
	}
	for {
		h := p.engine.Health()
		if len(h.Faults) > 0 {
			p.log.Error("索引有损坏，用完好的部分回答，正在从存储重建", "faults", h.Faults, "blind", h.Blind)
		} else if !p.engine.Stale() {
			return
		}
		if err := p.rebuild(ctx, "索引有损坏，或词典、词库、索引结构有变"); err == nil || len(h.Faults) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(mendEvery):
		}
	}
}

// verifyStore reads the whole store once, so that damage is known before somebody asks for what it hit.
func (p *program) verifyStore(ctx context.Context) {
	if err := p.store.Verify(ctx); err != nil && ctx.Err() == nil {
		p.log.Error("存储有损坏；请从备份恢复", "error", err)
		p.upkeep.fault(fmt.Sprintf("存储有损坏：%v", err))
	}
}

// mendHere rebuilds the index of a data directory that no serve holds when it cannot take the store's changes as it is.
func mendHere(ctx context.Context, s *store.Store, e engine) error {
	if _, err := ahead(ctx, s, e); err != nil {
		return err
	}
	if len(e.Health().Faults) == 0 {
		return nil
	}
	return e.Rebuild(ctx, index.Feed(s))
}
