package main

import (
	"time"

	"tongsou/corpus/pull"
)

// PulledSource is a source that serve fetches by schedule, as it stands in the configuration.
type PulledSource struct {
	Name string `mapstructure:"name"`
	// Kind is json, sitemap or folder; URL is for the first two, Path for the last.
	Kind  string        `mapstructure:"kind"`
	URL   string        `mapstructure:"url"`
	Path  string        `mapstructure:"path"`
	Every time.Duration `mapstructure:"every"`
	// MaxPages and MaxMB bound one run.
	MaxPages int `mapstructure:"max_pages"`
	MaxMB    int `mapstructure:"max_mb"`
	// MaxGone is the share of its documents, in percent, that may disappear from one run to the next.
	MaxGone int `mapstructure:"max_gone"`
	// Private says that the source stands in a private network.
	Private bool   `mapstructure:"private"`
	Format  string `mapstructure:"format"`
}

// source is the source with what was left out filled in, or what is wrong with it.
func (s *PulledSource) source() (pull.Source, error) {
	p := pull.Source{
		Name: s.Name, Kind: pull.Kind(s.Kind), URL: s.URL, Path: s.Path, Every: s.Every, MaxPages: s.MaxPages, MaxBytes: int64(s.MaxMB) << 20,
		Private: s.Private, Format: s.Format, MaxGone: s.MaxGone,
	}
	return p, p.Check()
}

// sources are the configured sources with what was left out filled in.
func (c *Config) sources() ([]pull.Source, error) {
	var sources []pull.Source
	for i := range c.Sources {
		s, err := c.Sources[i].source()
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	return sources, nil
}
