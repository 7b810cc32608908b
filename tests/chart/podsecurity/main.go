// What Kubernetes' own admission says about pods: reads a JSON object of pod specs by name, writes one of verdicts, empty where a pod is allowed.
//
//	podsecurity restricted latest <pods.json
package main

import (
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(level, version string) error {
	asked, err := api.ParseVersion(version)
	if err != nil {
		return err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	pods := map[string]corev1.PodSpec{}
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&pods); err != nil {
		return err
	}
	verdicts := map[string]string{}
	for name, spec := range pods {
		at := api.LevelVersion{Level: api.Level(level), Version: asked}
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(at, &metav1.ObjectMeta{}, &spec))
		verdicts[name] = ""
		if !result.Allowed {
			verdicts[name] = result.ForbiddenDetail()
		}
	}
	return json.NewEncoder(os.Stdout).Encode(verdicts)
}
