package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tongsou/corpus"
	"tongsou/index"
)

func searchCommand() *cobra.Command {
	var server string
	var kinds []string
	var asJSON, explain, verbatim bool
	var limit int
	cmd := &cobra.Command{
		Use: "search 查询", Short: "搜索：事项在前，政策条文其次，新闻在后",
		Example: `  tongsou search --data D 孩子上户口
  tongsou search --data D 国发〔2019〕5号
  tongsou search --data D '"打通服务群众"'
  tongsou search --data D 社会保险法第五十八条
  tongsou search --server http://localhost:8080 公积金提取`,
		Args: someArgs("要搜的内容"),
	}
	addFlags(cmd, "data", "place", "cache_mb")
	cmd.Flags().StringVar(&server, "server", "", "向这个地址上正在运行的 serve 查询，而不打开数据目录")
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "只搜这些类别：item、policy、news")
	cmd.Flags().IntVar(&limit, "limit", 5, "每组条数，1 到 100")
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出，与 API 的回答相同")
	cmd.Flags().BoolVar(&explain, "explain", false, "说明每条得分的由来")
	cmd.Flags().BoolVar(&verbatim, "verbatim", false, "不扩展、不纠错，照原样搜")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		if limit < 1 || limit > index.MaxLimit {
			return fmt.Errorf("--limit %d 无效，应为 1 到 %d 的整数", limit, index.MaxLimit)
		}
		q := index.Query{Text: strings.Join(args, " "), Limit: limit, Explain: explain, Verbatim: verbatim, Place: c.Place, Facets: asJSON}
		for _, k := range kinds {
			if !corpus.Kind(k).Valid() {
				return fmt.Errorf("--kind %s 无效；可用 item、policy、news", k)
			}
			q.Filter.Kinds = append(q.Filter.Kinds, corpus.Kind(k))
		}
		res, err := search(cmd.Context(), c, server, q)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), res)
		}
		printResult(cmd.OutOrStdout(), res)
		return nil
	}
	return cmd
}

func search(ctx context.Context, c *Config, server string, q index.Query) (*index.Result, error) {
	if server != "" {
		return searchServer(ctx, server, q)
	}
	if c.Engine == engineOpenSearch {
		e, err := dial(c) // who only searches holds nothing
		if err != nil {
			return nil, err
		}
		defer func() { _ = e.Close() }()
		return e.Search(ctx, q)
	}
	if _, err := os.Stat(c.indexPath()); err != nil && !c.isShared() {
		return nil, fmt.Errorf("数据目录 %s 里还没有索引；请先运行 tongsou ingest --data %s 文件或目录", c.Data, c.Data)
	}
	e, err := openEngine(c)
	if err != nil {
		return nil, orElse(err, "要向它查询，请加 --server http://地址:端口")
	}
	defer func() { _ = e.Close() }()
	if c.isShared() { // nobody else keeps the index of this folder in step
		if err := catchUpHere(ctx, c, e); err != nil {
			return nil, err
		}
	}
	return e.Search(ctx, q)
}

// catchUpHere brings the index of a data folder up to the shared store.
func catchUpHere(ctx context.Context, c *Config, e engine) error {
	s, err := openStore(ctx, c, false)
	if err != nil {
		return err
	}
	if err = mendHere(ctx, s, e); err == nil {
		_, err = index.CatchUp(ctx, s, e, nil)
	}
	return errors.Join(err, s.Close())
}

// searchServer asks a running server, whose answer is the same object.
func searchServer(ctx context.Context, server string, q index.Query) (*index.Result, error) {
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	v := url.Values{"q": {q.Text}, "limit": {strconv.Itoa(q.Limit)}, "place": {q.Place}}
	for _, k := range q.Filter.Kinds {
		v.Add("kind", string(k))
	}
	for name, on := range map[string]bool{"explain": q.Explain, "verbatim": q.Verbatim, "facets": q.Facets} {
		v.Set(name, strconv.FormatBool(on))
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(server, "/")+"/api/v1/search?"+v.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("服务器地址 %s 不对：%w", server, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		var u *url.Error // whose text repeats the whole address
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, fmt.Errorf("连不上服务器 %s（它在运行吗？）：%w", server, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		var p struct{ Title, Detail string }
		_ = json.NewDecoder(io.LimitReader(resp.Body, 4096)).Decode(&p) // not every server on a port is ours
		return nil, fmt.Errorf("服务器 %s 回答 %s %s %s", server, resp.Status, p.Title, p.Detail)
	}
	res := new(index.Result)
	if err := json.NewDecoder(resp.Body).Decode(res); err != nil {
		return nil, fmt.Errorf("看不懂服务器的回答：%w", err)
	}
	return res, nil
}

func printResult(w io.Writer, res *index.Result) {
	for _, n := range res.Query.Notes {
		fmt.Fprintln(w, n)
	}
	if c := res.Query.Correction; c != nil {
		fmt.Fprintf(w, "已按“%s”搜索（%s）；加 --verbatim 搜“%s”\n", c.To, c.Why, c.From)
	}
	total := 0
	for _, g := range res.Groups {
		total += g.Total
		if len(g.Hits) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n【%s】共 %d 条\n", index.KindLabel(g.Kind), g.Total)
		for i := range g.Hits {
			printHit(w, i+1, &g.Hits[i])
		}
	}
	if total == 0 {
		fmt.Fprintln(w, "没有找到。可以换个说法、少写几个字，或去掉引号再试。")
	}
	fmt.Fprintf(w, "\n用时 %.1f 毫秒\n", res.TookMS)
}

func printHit(w io.Writer, n int, h *index.Hit) {
	fmt.Fprintf(w, "%2d. %s\n", n, marked(h.Title))
	facts := []string{h.Number, h.Issuer, h.Place, string(h.Date), string(h.Valid)}
	if c := h.Card; c != nil {
		facts = []string{c.Body, h.Place, c.Handling, limitText("承诺", c.PromisedLimit), limitText("法定", c.LegalLimit)}
		if c.Visits != nil {
			facts = append(facts, fmt.Sprintf("到现场 %d 次", *c.Visits))
		}
		if len(c.Materials) > 0 {
			facts = append(facts, fmt.Sprintf("材料 %d 份", len(c.Materials)))
		}
	}
	fmt.Fprintln(w, "    "+strings.Join(kept(facts), " · "))
	if len(h.Snippet) > 0 {
		label := ""
		if h.Section != nil && h.Section.Label != "" {
			label = h.Section.Label + "　"
		}
		fmt.Fprintln(w, "    "+label+marked(h.Snippet))
	}
	for _, why := range h.Why {
		fmt.Fprintln(w, "    （"+why+"）")
	}
	for _, p := range h.Explain {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("      %-12s %8.4f %s", p.Name, p.Value, p.Note), " "))
	}
}

func limitText(what string, l corpus.Limit) string {
	switch {
	case l.IsZero():
		return ""
	case l.Instant:
		return what + "即办"
	}
	return fmt.Sprintf("%s %d 个%s", what, l.Days, l.Unit)
}

func kept(parts []string) []string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	return list
}

// marked shows what matched in brackets, which survive a pipe.
func marked(runs []index.Run) string {
	var b strings.Builder
	for _, r := range runs {
		if r.Mark {
			b.WriteString("[" + r.Text + "]")
		} else {
			b.WriteString(r.Text)
		}
	}
	return b.String()
}
