// etcd as Kubernetes wants it: Debian's is older than what the API server's watches need (RequestWatchProgress), and its own module cannot be
// installed from the proxy, because it replaces its neighbours.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
