package opensearch

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"tongsou/corpus"
)

// Compact merges each shard into few segments. It takes minutes for a large index; searches go on meanwhile.
func (e *Engine) Compact(ctx context.Context) error {
	if err := e.open(); err != nil {
		return err
	}
	name := "/" + e.present.Load().index
	if err := e.client.do(ctx, http.MethodPost, name+"/_forcemerge?max_num_segments=1", nil, 30*time.Minute, nil); err != nil {
		return err
	}
	return e.client.do(ctx, http.MethodPost, name+"/_refresh", nil, long, nil) // until then searches hold what was merged on the disk
}

// Snapshot keeps a copy of the index under a name in a repository of the cluster, and waits until it is whole. The
// repository is a shared folder that every node's path.repo allows, given as location; with an empty one it must be there
// already, whatever its type.
func (e *Engine) Snapshot(ctx context.Context, repository, location, name string) error {
	repository, name = url.PathEscape(repository), url.PathEscape(name)
	if location != "" {
		body := encode(m{"type": "fs", "settings": m{"location": location}})
		if err := e.client.do(ctx, http.MethodPut, "/_snapshot/"+repository, body, long, nil); err != nil {
			return fmt.Errorf("register the repository %s: %w", repository, err)
		}
	}
	body := encode(m{"indices": e.present.Load().index, "include_global_state": false})
	var answer struct {
		Snapshot struct {
			State string `json:"state"`
		} `json:"snapshot"`
	}
	if err := e.client.do(ctx, http.MethodPut, "/_snapshot/"+repository+"/"+name+"?wait_for_completion=true", body, time.Hour, &answer); err != nil {
		return fmt.Errorf("snapshot %s: %w", name, err)
	}
	if answer.Snapshot.State != "SUCCESS" {
		return fmt.Errorf("snapshot %s is %s: look at GET /_snapshot/%s/%s", name, answer.Snapshot.State, repository, name)
	}
	return nil
}

// Audit names every document of the index with its kind. Whether its copies agree is the cluster's to see to.
func (e *Engine) Audit(ctx context.Context, visit func(id string, kind corpus.Kind)) error {
	v, err := e.view(ctx)
	if err != nil {
		return err
	}
	for _, kind := range corpus.Kinds() {
		if err := v.every(kind, func(h *hit) { visit(h.Source.ID, kind) }); err != nil {
			return fmt.Errorf("audit index %s: %w", v.index, err)
		}
	}
	return nil
}
