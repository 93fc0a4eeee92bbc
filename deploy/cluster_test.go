// Package deploy_test holds the files for a cluster against what reads them: Compose's own loader, and the types of
// Kubernetes' own API, which take no field that they do not know.
package deploy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

func TestComposeFile(t *testing.T) {
	raw, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	load := func(env types.Mapping) (*types.Project, error) {
		return loader.LoadWithContext(t.Context(), types.ConfigDetails{
			WorkingDir: ".", ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: raw}}, Environment: env,
		})
	}
	if _, err := load(types.Mapping{}); err == nil || !strings.Contains(err.Error(), "deploy/.env") {
		t.Errorf("without passwords: %v", err)
	}
	p, err := load(types.Mapping{"POSTGRES_PASSWORD": "p", "TONGSOU_ADMIN_KEY": "k"})
	if err != nil {
		t.Fatal(err)
	}
	names := p.ServiceNames()
	for _, name := range []string{"tongsou1", "tongsou2", "postgres", "search1", "search2", "search3", "balancer"} {
		if !slices.Contains(names, name) {
			t.Errorf("there is no service %s among %v", name, names)
		}
	}
	for name, s := range p.Services {
		if name != "balancer" && len(s.Ports) > 0 {
			t.Errorf("%s is open to the outside", name)
		}
		if strings.HasPrefix(name, "tongsou") && (s.Environment["TONGSOU_STORE"] == nil || *s.Environment["TONGSOU_STORE"] != "postgres") {
			t.Errorf("%s does not share its store", name)
		}
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind {
				if _, err := os.Stat(filepath.Base(v.Source)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

// kinds are empty objects by kind.
var kinds = map[string]func() any{
	"v1 ConfigMap":                       func() any { return new(corev1.ConfigMap) },
	"v1 Service":                         func() any { return new(corev1.Service) },
	"apps/v1 StatefulSet":                func() any { return new(appsv1.StatefulSet) },
	"policy/v1 PodDisruptionBudget":      func() any { return new(policyv1.PodDisruptionBudget) },
	"networking.k8s.io/v1 NetworkPolicy": func() any { return new(networkingv1.NetworkPolicy) },
}

func manifests(t *testing.T) (objects []any) {
	t.Helper()
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no manifests", err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range bytes.Split(raw, []byte("\n---\n")) {
			var head struct{ APIVersion, Kind string }
			if err := yaml.Unmarshal(one, &head); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			empty, ok := kinds[head.APIVersion+" "+head.Kind]
			if !ok {
				t.Errorf("%s: %s %s is not known here", name, head.APIVersion, head.Kind)
				continue
			}
			o := empty()
			if err := yaml.UnmarshalStrict(one, o); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			objects = append(objects, o)
		}
	}
	return objects
}

// Every object can be read, and what one names another has: labels, ports, volumes, services.
func TestManifests(t *testing.T) {
	services, sets := map[string]*corev1.Service{}, map[string]*appsv1.StatefulSet{}
	for _, o := range manifests(t) {
		switch o := o.(type) {
		case *corev1.Service:
			services[o.Name] = o
		case *appsv1.StatefulSet:
			sets[o.Name] = o
		}
	}
	for name, want := range map[string]int32{"tongsou": 2, "postgres": 1, "opensearch": 3} {
		if sets[name] == nil || *sets[name].Spec.Replicas != want {
			t.Errorf("there are not %d of %s", want, name)
		}
	}
	ports := map[string]bool{}
	for name, s := range sets {
		if services[s.Spec.ServiceName] == nil {
			t.Errorf("%s names the service %s, which is not there", name, s.Spec.ServiceName)
		}
		if s.Spec.Selector.MatchLabels["app"] != s.Spec.Template.Labels["app"] {
			t.Errorf("%s selects other pods than it makes", name)
		}
		volumes := map[string]bool{}
		for _, v := range s.Spec.Template.Spec.Volumes {
			volumes[v.Name] = true
		}
		for _, v := range s.Spec.VolumeClaimTemplates {
			volumes[v.Name] = true
		}
		for _, c := range s.Spec.Template.Spec.Containers {
			for _, m := range c.VolumeMounts {
				if !volumes[m.Name] {
					t.Errorf("%s mounts %s, which is not there", name, m.Name)
				}
			}
			for _, p := range c.Ports {
				ports[s.Spec.Template.Labels["app"]+" "+p.Name] = true
			}
			if c.ReadinessProbe == nil || c.Resources.Limits.Memory().IsZero() {
				t.Errorf("%s has no readiness probe or no limit", name)
			}
		}
	}
	for name, s := range services {
		for _, p := range s.Spec.Ports {
			if !ports[s.Spec.Selector["app"]+" "+p.TargetPort.String()] {
				t.Errorf("the service %s leads to the port %s, which nobody has", name, p.TargetPort.String())
			}
		}
	}
}

// A secret has no place in a file that is checked in.
func TestNoSecretsInTheFiles(t *testing.T) {
	files, _ := filepath.Glob("*/*.yaml") // the pattern is good
	given := regexp.MustCompile(`postgres://[^:]+:([^@$]+)@`)
	for _, name := range append(files, "compose.yaml") {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if m := given.FindSubmatch(raw); m != nil {
			t.Errorf("%s holds a password: %s", name, m[1])
		}
	}
}
