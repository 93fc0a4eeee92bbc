package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tongsou/index/embedded"
)

// A command that needs something of the serve that holds its data directory asks by a file in the folder asks: whoever
// may write there may do anything to the data anyway, so that it needs no key.
//
//	x.ask      written by the command, renamed by serve when it begins
//	x.taken    serve is at it
//	x.done     serve's answer, removed by the command
const asksName = "asks"

func (c *Config) asksPath() string { return filepath.Join(c.Data, asksName) }

// What can be asked for.
const (
	askRebuild = "rebuild"
	askCopy    = "copy"
)

// ask is what a command wants; To is a name below the folder asks, for a copy of the index.
type ask struct {
	Do string `json:"do"`
	To string `json:"to,omitempty"`
}

// reply is what serve says to it: what went wrong, "" when nothing.
type reply struct {
	Error string `json:"error,omitempty"`
}

// How often both sides look, and how long a command waits for serve to begin.
const (
	askEvery = 200 * time.Millisecond
	askGrace = 10 * time.Second
)

var errNoAnswer = errors.New("正在运行的 serve 没有应答")

func askName() string { return rand.Text()[:12] }

// askServe asks and waits for the answer.
func askServe(ctx context.Context, c *Config, a ask) error {
	if err := os.MkdirAll(c.asksPath(), 0o700); err != nil {
		return err
	}
	base := filepath.Join(c.asksPath(), askName())
	if err := putJSON(base+".ask", a); err != nil {
		return err
	}
	grace := time.Now().Add(askGrace)
	for {
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), removed(base+".ask"))
		case <-time.After(askEvery):
		}
		raw, err := os.ReadFile(base + ".done")
		if err == nil {
			var got reply
			err = errors.Join(json.Unmarshal(raw, &got), removed(base+".done"))
			if got.Error != "" {
				err = errors.New(got.Error)
			}
			return err
		}
		if _, err := os.Stat(base + ".ask"); err == nil && time.Now().After(grace) {
			return errors.Join(errNoAnswer, removed(base+".ask"))
		}
		if !exists(base+".ask") && !exists(base+".taken") && !exists(base+".done") {
			return fmt.Errorf("%w：它停止了", errNoAnswer)
		}
	}
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }

// removed removes a file that may be gone.
func removed(name string) error {
	if err := os.Remove(name); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// putJSON makes a file appear with all its content at once.
func putJSON(name string, v any) error {
	raw, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(name+".tmp", raw, 0o600)
	}
	if err == nil {
		err = os.Rename(name+".tmp", name)
	}
	return err
}

// answerAsks does what commands ask for, until ctx ends.
func (p *program) answerAsks(ctx context.Context, c *Config) {
	if err := os.RemoveAll(c.asksPath()); err != nil { // nobody waits for what an earlier serve left
		p.log.Warn("清不掉旧的请求", "error", err)
	}
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		asked, _ := filepath.Glob(filepath.Join(c.asksPath(), "*.ask")) // the pattern is good
		for _, name := range asked {
			base := strings.TrimSuffix(name, ".ask")
			if os.Rename(name, base+".taken") == nil {
				p.behind.Go(func() { p.answer(ctx, c, base) })
			}
		}
	}
}

func (p *program) answer(ctx context.Context, c *Config, base string) {
	var a ask
	raw, err := os.ReadFile(base + ".taken")
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	if err == nil {
		err = p.grant(ctx, c, a)
	}
	var got reply
	if err != nil {
		got.Error = err.Error()
	}
	if err := errors.Join(putJSON(base+".done", got), removed(base+".taken")); err != nil {
		p.log.Warn("写不了对命令的应答", "error", err)
	}
}

func (p *program) grant(ctx context.Context, c *Config, a ask) error {
	switch a.Do {
	case askRebuild:
		return p.rebuild(ctx, "命令要求重建")
	case askCopy:
		if a.To != filepath.Base(a.To) || !strings.HasSuffix(a.To, ".copy") {
			return fmt.Errorf("副本的名字 %q 不合规", a.To)
		}
		e, ok := p.engine.(*embedded.Engine)
		if !ok {
			return nil // a cluster keeps its index by snapshots
		}
		return e.CopyTo(ctx, filepath.Join(c.asksPath(), a.To))
	}
	return fmt.Errorf("不认识的请求 %q；请让命令与 serve 用同一版本", a.Do)
}
