package main

import (
	"context"
	"fmt"

	"tongsou/index/eval"
	"tongsou/server"
)

// JudgedFiles name a judged set in BEIR's layout, by which the effect of a change on the desk is measured.
type JudgedFiles struct {
	Name    string `mapstructure:"name"`
	Corpus  string `mapstructure:"corpus"`
	Queries string `mapstructure:"queries"`
	Qrels   string `mapstructure:"qrels"`
}

func (j *JudgedFiles) check() error {
	for key, value := range map[string]string{"name": j.Name, "corpus": j.Corpus, "queries": j.Queries, "qrels": j.Qrels} {
		if value == "" {
			return fmt.Errorf("缺少 %s", key)
		}
	}
	return nil
}

// curate opens what the staff decide, and gives it to the server with what it needs to carry that out.
func (p *program) curate(ctx context.Context, c *Config, options *server.Options) error {
	var err error
	if p.curation, err = c.openCuration(ctx); err != nil {
		return err
	}
	options.Curation, options.Intake = p.curation, p.store
	for _, j := range c.Judged {
		set, err := eval.Load(j.Corpus, j.Queries, j.Qrels)
		if err != nil {
			return fmt.Errorf("读不了 judged 里的 %s：%w", j.Name, err)
		}
		set.Documents = nil // they are searched where they are stored
		options.Judged = append(options.Judged, server.JudgedSet{Name: j.Name, Set: set})
	}
	return nil
}
