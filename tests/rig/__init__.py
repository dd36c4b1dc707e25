"""The rig: a real Kubernetes control plane on this machine, with nodes and pods played by kwok."""
