package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"

	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/semantic"
)

// Semantic is the part of the configuration that says how to search by meaning.
type Semantic struct {
	// Lane is off, model (the one that was installed by `tongsou model add`) or endpoint.
	Lane string `mapstructure:"semantic_lane"`
	// SemanticThreads is how many cores a model uses at once, 1 to 64; 0 means half of them, at least one.
	SemanticThreads int `mapstructure:"semantic_threads"`
	// SemanticURL is the address of a service that speaks OpenAI's /v1/embeddings; SemanticModel and SemanticKey go with each
	// request.
	SemanticURL   string `mapstructure:"semantic_url"`
	SemanticModel string `mapstructure:"semantic_model"`
	SemanticKey   string `mapstructure:"semantic_key"`
}

// The values of Lane.
const (
	semanticOff      = "off"
	semanticModel    = "model"
	semanticEndpoint = "endpoint"
)

func semanticSettings() []setting {
	free := func(*Config) string { return "" }
	return []setting{
		{"semantic_lane", "按意思查找：off 关，model 用已安装的模型，endpoint 用向量服务", semanticOff, func(c *Config) string {
			switch c.Lane {
			case semanticOff:
				return ""
			case semanticModel, semanticEndpoint:
				if c.Engine == engineOpenSearch {
					return "off：按意思查找现在只用于内置引擎（engine: embedded）；OpenSearch 集群上只按字词查找"
				}
				return ""
			}
			return "off、model、endpoint 之一"
		}},
		{"semantic_threads", "模型一次用几个核，0 为一半", 0, func(c *Config) string {
			if c.SemanticThreads < 0 || c.SemanticThreads > 64 {
				return "0 到 64 的整数"
			}
			return ""
		}},
		{"semantic_url", "向量服务的网址，如 http://127.0.0.1:8000/v1/embeddings", "", func(c *Config) string {
			if c.SemanticURL == "" && c.Lane == semanticEndpoint {
				return "网址：设了 semantic_lane: endpoint 就要设它"
			}
			return address(c.SemanticURL)
		}},
		{"semantic_model", "向量服务的模型名", "", func(c *Config) string {
			if c.SemanticModel == "" && c.Lane == semanticEndpoint {
				return "模型名：设了 semantic_lane: endpoint 就要设它"
			}
			return ""
		}},
		{"semantic_key", "向量服务的密钥", "", free},
	}
}

func (c *Config) modelPath() string { return filepath.Join(c.Data, "model") }

// openMeaning opens the lane that the configuration asks for, nil for none. The lane is empty yet.
func openMeaning(c *Config) (*index.Meaning, error) {
	if c.Lane == semanticOff {
		return nil, nil
	}
	e, err := openEmbedder(c)
	if err != nil {
		return nil, err
	}
	return meaningBy(e)
}

// openEmbedder opens what the configuration embeds with: an endpoint, or the model that is installed.
func openEmbedder(c *Config) (semantic.Embedder, error) {
	if c.Lane == semanticEndpoint {
		return semantic.OpenEndpoint(semantic.Endpoint{URL: c.SemanticURL, Model: c.SemanticModel, Key: c.SemanticKey})
	}
	return openModel(c.modelPath(), c.SemanticThreads)
}

func openModel(dir string, threads int) (semantic.Embedder, error) {
	b, err := semantic.OpenBundle(dir)
	if err != nil {
		return nil, err
	}
	if threads == 0 {
		threads = max(1, runtime.NumCPU()/2)
	}
	return semantic.OpenModel(b, "", threads)
}

// meaningBy is an empty lane of a model, with the adapter that was learned for it.
func meaningBy(e semantic.Embedder) (*index.Meaning, error) {
	adapter, err := semantic.AdapterFor(e.Name())
	if err != nil {
		return nil, err
	}
	return &index.Meaning{Embedder: e, Adapter: adapter, Lane: semantic.NewLane()}, nil
}

// searchByMeaning switches the lane on where it is asked for, and keeps it in step with the store. What stands in its way is
// logged; the words answer without it.
func (p *program) searchByMeaning(ctx context.Context, c *Config) {
	m, err := openMeaning(c)
	if err != nil {
		p.log.Warn("按意思查找没有启用，只按字词查找", "error", err)
		return
	}
	if m == nil {
		return
	}
	p.meaning = m
	p.setMeaning(m)
	p.log.Info("按意思查找已启用", "model", m.Embedder.Name(), "adapter", m.Adapter != nil)
	leads := p.electEmbedder(ctx, c, m.Embedder.Name())
	p.behind.Go(func() { index.FollowMeaning(ctx, p.store, m, leads, p.log) })
}

// embedderOffice begins the name of the office of the process that embeds by a model.
const embedderOffice = "embedder "

// electEmbedder lets the processes that share a store choose the one that embeds by a model; nil for a process alone. It is an
// office of its own: who holds the other may have no model, or another while a new one is rolled out.
func (p *program) electEmbedder(ctx context.Context, c *Config, model string) (leads func() bool) {
	if !c.isShared() {
		return nil
	}
	e := p.store.Postgres().Election(embedderOffice+model, p.log)
	p.behind.Go(func() { e.Run(ctx, func(ctx context.Context) { <-ctx.Done() }) })
	return e.Holds
}

// setMeaning switches the engine's lane. Only the embedded engine has one, which the settings see to.
func (p *program) setMeaning(m *index.Meaning) {
	if e, ok := p.engine.(*embedded.Engine); ok {
		e.SetMeaning(m)
	}
}

// closeMeaning releases the model, after the worker has ended.
func (p *program) closeMeaning() error {
	if p.meaning == nil {
		return nil
	}
	p.setMeaning(nil)
	if err := p.meaning.Embedder.Close(); err != nil {
		return fmt.Errorf("release the model: %w", err)
	}
	return nil
}
