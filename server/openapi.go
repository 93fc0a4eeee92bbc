package server

import (
	_ "embed"
	"fmt"

	"sigs.k8s.io/yaml"
)

// The description is written as YAML, which people can read, and served as JSON.
//
//go:embed web/openapi.yaml
var openAPISource []byte

// openAPI returns the description of the API, OpenAPI 3.1 as JSON.
func openAPI() ([]byte, error) {
	raw, err := yaml.YAMLToJSON(openAPISource)
	if err != nil {
		return nil, fmt.Errorf("read web/openapi.yaml: %w", err)
	}
	return raw, nil
}
