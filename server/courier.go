package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/server/follow"
	"tongsou/server/post"
)

// How often the courier looks around, how long one round may take, and how many letters it carries at a time.
const (
	courierEvery = time.Minute
	courierTime  = 5 * time.Minute
	courierLoad  = 100
	toldAtMost   = 20 // new things of one subscription in one letter
)

// courier notes what changes in the store and brings it to those who follow it, in the background.
type courier struct {
	*Server
	stop    context.CancelFunc
	running sync.WaitGroup
	bell    chan struct{}
}

// newCourier starts the courier, unless there is no book of followers.
func newCourier(s *Server) *courier {
	ctx, stop := context.WithCancel(context.Background())
	c := &courier{Server: s, stop: stop, bell: make(chan struct{}, 1)}
	if s.options.Followers != nil {
		c.running.Go(func() { c.run(ctx) })
	}
	return c
}

func (c *courier) close() {
	c.stop()
	c.running.Wait()
}

// storeOfRecord is the store as the book of followers reads it.
type storeOfRecord struct {
	Library
	Archive
}

// wake lets the courier look around at once.
func (c *courier) wake() {
	select {
	case c.bell <- struct{}{}:
	default: // it is awake
	}
}

func (c *courier) run(ctx context.Context) {
	again := time.NewTicker(courierEvery)
	defer again.Stop()
	for {
		round, cancel := context.WithTimeout(ctx, courierTime)
		if err := c.round(round); err != nil && ctx.Err() == nil {
			c.options.Log.Warn("not everything was brought to those who follow it; it is tried again in a minute", "error", err)
		}
		cancel()
		select {
		case <-again.C:
		case <-c.bell:
		case <-ctx.Done():
			return
		}
	}
}

// round notes what has changed, asks those who want to follow something, and tells those who do what is new.
func (c *courier) round(ctx context.Context) error {
	if c.options.Leads != nil && !c.options.Leads() {
		return nil
	}
	var noted error
	if c.options.Archive != nil {
		_, noted = c.options.Followers.Note(ctx, storeOfRecord{c.options.Library, c.options.Archive})
	}
	if err := c.options.Followers.Forget(ctx); err != nil {
		return errors.Join(noted, err)
	}
	if c.options.Mail == nil {
		return noted
	}
	return errors.Join(noted, c.ask(ctx), c.tell(ctx))
}

// ask sends the letters with which an address is confirmed. They say nothing of what a stranger may have typed: else
// anybody could have us send anything to anybody.
func (c *courier) ask(ctx context.Context) error {
	list, err := c.options.Followers.ToConfirm(ctx, courierLoad)
	if err != nil {
		return err
	}
	var waiting error
	for _, sub := range list {
		l := post.Letter{To: sub.Email, Subject: "请确认您在通搜的订阅", Text: "您好：\n\n有人（应该是您）在通搜登记了这个邮箱，想在有新内容时收到提醒。\n\n" +
			"如果是您，请在两天之内打开下面的网址，按“确认订阅”：\n" + c.link("/follow/confirm", sub.Token) + "\n\n" +
			"如果不是您，不用理会：不确认就不会再收到邮件，邮箱地址两天后删除。\n"}
		switch err := c.options.Mail.Send(ctx, l); {
		case err == nil:
			err = c.options.Followers.Asked(ctx, sub.ID)
			if err != nil {
				return err
			}
		case errors.Is(err, post.ErrRefused):
			if err := c.options.Followers.Refused(ctx, sub.Email); err != nil {
				return err
			}
		case errors.Is(err, post.ErrNotNow):
			waiting = err // the others need not wait with it
		default:
			return err
		}
	}
	return waiting
}

func (c *courier) link(path, token string) string {
	return c.options.PublicURL + path + "?" + url.Values{"token": {token}}.Encode()
}

// errTellLater means that one address has to wait for its news, and the others need not.
var errTellLater = errors.New("told later")

// tell brings every address what is new for it. It counts as told only when the letter was taken.
func (c *courier) tell(ctx context.Context) error {
	due, err := c.options.Followers.Due(ctx, courierLoad)
	if err != nil {
		return err
	}
	var waiting error
	for _, group := range due {
		switch err := c.tellOne(ctx, group); {
		case errors.Is(err, errTellLater) && ctx.Err() == nil:
			waiting = err // the others need not wait with it
		case err != nil:
			return err
		}
	}
	return waiting
}

func (c *courier) tellOne(ctx context.Context, group []follow.Subscription) error {
	var text strings.Builder
	for i := range group {
		part, err := c.news(ctx, &group[i])
		if err != nil {
			return errors.Join(errTellLater, err, c.options.Followers.Checked(ctx, group[0].Email))
		}
		text.WriteString(part)
	}
	if text.Len() == 0 {
		return c.options.Followers.Told(ctx, group, false)
	}
	err := c.options.Mail.Send(ctx, c.digest(group[0], text.String()))
	switch {
	case err == nil:
		return c.options.Followers.Told(ctx, group, true)
	case errors.Is(err, post.ErrRefused):
		return c.options.Followers.Refused(ctx, group[0].Email)
	case errors.Is(err, post.ErrNotNow):
		return errors.Join(errTellLater, err, c.options.Followers.Checked(ctx, group[0].Email))
	}
	return err
}

func (c *courier) digest(sub follow.Subscription, news string) post.Letter {
	leave := c.link("/follow/manage", sub.Leave)
	return post.Letter{
		To: sub.Email, Subject: "通搜：您订阅的内容有变化", Leave: leave,
		Text: "您好：\n\n" + news + "办事以各部门公布的为准。每天最多一封。\n\n不想再收到，或者只退订其中几项，请打开：\n" + leave + "\n",
	}
}

// news is what is new for a subscription, as a piece of a letter; empty when nothing is. sub then knows it.
func (c *courier) news(ctx context.Context, sub *follow.Subscription) (string, error) {
	if sub.Kind == follow.Document {
		return c.newsOfDocument(ctx, sub)
	}
	hits, err := c.followedHits(ctx, *sub)
	if errors.Is(err, index.ErrBadQuery) || errors.As(err, new(*paramError)) {
		return "", nil // it was a search once; nothing is found by it any more
	}
	if err != nil {
		return "", err
	}
	var lines, ids []string
	for i := range hits {
		h := &hits[i]
		if slices.Contains(sub.Seen.IDs, h.ID) {
			continue
		}
		ids = append(ids, h.ID)
		if len(lines) < toldAtMost {
			lines = append(lines, fmt.Sprintf("- %s%s\n  %s", h.PlainTitle(), inBrackets(h.Issuer, string(h.Date)), c.options.PublicURL+documentLink(h.Kind, h.ID)))
		}
	}
	if len(ids) == 0 {
		return "", nil
	}
	sub.Seen.IDs = append(ids, sub.Seen.IDs...)
	if more := len(ids) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("- 还有 %d 条，请看 %s", more, c.options.PublicURL+subscriptionLink(*sub)))
	}
	return sub.Label + "有新内容：\n" + strings.Join(lines, "\n") + "\n\n", nil
}

func inBrackets(parts ...string) string {
	if parts = nonEmpty(parts...); len(parts) == 0 {
		return ""
	}
	return "（" + strings.Join(parts, "，") + "）"
}

// newsOfDocument tells what happened to a document, and to the items that rest on it.
func (c *courier) newsOfDocument(ctx context.Context, sub *follow.Subscription) (string, error) {
	ids := []string{sub.Target}
	d, err := c.options.Library.Get(ctx, sub.Target)
	if err == nil {
		var resting []string
		if resting, err = c.restingIDs(ctx, d); err != nil {
			return "", err
		}
		ids = append(ids, resting...)
	}
	changes, err := c.options.Followers.Changes(ctx, sub.Seen.Change, feedEntries, ids...)
	if err != nil || len(changes) == 0 {
		return "", err
	}
	sub.Seen.Change = changes[0].Number
	var lines []string
	for _, change := range changes[:min(len(changes), toldAtMost)] {
		lines = append(lines, c.changeLine(ctx, change))
	}
	return sub.Label + "有变化：\n" + strings.Join(lines, "\n") + "\n\n", nil
}

func (c *courier) changeLine(ctx context.Context, change follow.Change) string {
	line := fmt.Sprintf("- %s%s%s", change.Title, change.What, since(change.Since))
	d, err := c.options.Library.Get(ctx, change.ID)
	if err != nil {
		return line // it is gone, as the line says
	}
	line += "\n  " + c.options.PublicURL + documentAddress(d)
	if change.What != follow.Amended {
		return line
	}
	versions, err := c.options.Library.Versions(ctx, d.Family)
	if err != nil {
		return line
	}
	for _, v := range versions {
		if beginning(v) == d.Superseded && v.ID != d.ID {
			return line + "\n  新的版本：" + c.options.PublicURL + documentAddress(v)
		}
	}
	return line
}

func since(day corpus.Date) string {
	if day == "" {
		return ""
	}
	return "（自 " + string(day) + " 起）"
}
