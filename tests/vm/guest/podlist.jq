# SPDX-License-Identifier: LGPL-2.1-or-later
# A kubelet's /pods answer (v1 PodList) from the meta.json of every pod that pods.sh made.
def quantities($cpu; $mem):
  (if $cpu > 0 then {cpu: "\($cpu)m"} else {} end) + (if $mem > 0 then {memory: "\($mem)"} else {} end);
def scheme: {"cri-containerd": "containerd", "crio": "cri-o", "docker": "docker"}[.];
def batch:
  (if .batch_cpu > 0 then {"colod.io/batch-cpu": "\(.batch_cpu)"} else {} end)
  + (if .batch_mem > 0 then {"colod.io/batch-memory": "\(.batch_mem)"} else {} end);
def resources:
  {requests: (quantities(.cpu; .mem) + batch), limits: (quantities(.cpu_limit; .mem_limit) + batch)}
  | with_entries(select(.value != {}));
def metadata:
  {name, namespace: .ns, labels, annotations, creationTimestamp: .created,
   # A static pod's mirror has a UID of its own; the kubelet's is the hash.
   uid: .uid}
  + if .static then {annotations: (.annotations + {"kubernetes.io/config.source": "file",
                     "kubernetes.io/config.hash": .uid, "kubernetes.io/config.seen": .created})} else {} end
  + if .owner != "" then {ownerReferences: [{apiVersion: "apps/v1", kind: .owner, name: (.name + "-owner"),
                          uid: "00000000-0000-4000-8000-000000000001", controller: true, blockOwnerDeletion: true}]} else {} end;
def spec:
  . as $pod
  | {nodeName: "colodvm", restartPolicy: "Always", terminationGracePeriodSeconds: 30,
     containers: [.ctrs | map(select(.kind == "app")) | to_entries[]
       | {name: "c\(.key)", image: "guest", resources: (if .key == 0 then $pod | resources else {} end)}]}
  + if .hostnet then {hostNetwork: true} else {} end
  + if .pc != "" then {priorityClassName: .pc,
      priority: (if .pc | startswith("system-") then 2000000000 else 1000 end)} else {priority: 0} end;
def status:
  . as $pod
  | {phase: "Running", qosClass: .qos, startTime: .created,
     conditions: [{type: "Ready", status: "True", lastTransitionTime: .created}],
     containerStatuses: [.ctrs | map(select(.kind == "app")) | to_entries[]
       | {name: "c\(.key)", ready: true, started: true, restartCount: 0, image: "guest", imageID: "",
          containerID: "\(.value.prefix | scheme)://\(.value.id)",
          state: {running: {startedAt: $pod.created}}}]};
{kind: "PodList", apiVersion: "v1", metadata: {}, items: [.[] | {metadata: metadata, spec: spec, status: status}]}
