package opensearchtest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"tongsou/index/opensearch/opensearchtest"
)

// A cluster is gone with its test: the process and its folder.
func TestClusterGoesWithItsTest(t *testing.T) {
	var url, dir string
	left, err := os.MkdirTemp("", "tongsou-opensearch-") // of a test that was killed
	if err != nil {
		t.Fatal(err)
	}
	const nobody = "4194305" // above the greatest number that a process may have
	if err := os.WriteFile(filepath.Join(left, "owner"), []byte(nobody), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("cluster", func(t *testing.T) {
		c := opensearchtest.Start(t, opensearchtest.Options{})
		url, dir = c.Nodes[0].URL, filepath.Dir(c.Repository())
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	})
	if url == "" {
		t.Skip("needs OpenSearch, as the subtest says")
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("the folder of a test that was killed is left: %v", err)
		_ = os.RemoveAll(left)
	}
	if resp, err := http.Get(url); err == nil {
		_ = resp.Body.Close()
		t.Error("the node answers after its test")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is left: %v", err)
	}
}
