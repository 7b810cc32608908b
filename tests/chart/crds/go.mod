// Where the custom resource definitions are from that the chart's resources are held against: nothing of it is compiled.
module vestibule/tests/chart/crds

go 1.26.0

require (
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.5.1
)
