/** Files of a Go module, whose sum Go tells as `h1:…`: another content is refused. */
export interface ModuleFiles {
  readonly module: string;
  readonly version: string;
  readonly sum: string;
  /** Paths inside the module. */
  readonly files: readonly string[];
}

/** Every built-in kind, as the API server that is pinned in go-tools/kubernetes describes it. */
export const kubernetesSchemas: ModuleFiles = {
  module: "k8s.io/kubernetes",
  version: "v1.34.2",
  sum: "h1:WQdDvYJazkmkwSncgNwGvVtaCt4TYXIU3wSMRgvp3MI=",
  files: ["api/openapi-spec/swagger.json"],
};

/** The kinds that operators add, each by the operator's own definition. */
export const operatorModules: readonly ModuleFiles[] = [
  {
    module: "github.com/kedacore/keda/v2",
    version: "v2.18.1",
    sum: "h1:h6bRt/IOxxtZpJlHSqhdH/lcInH7Z9obxg/JvWOmGAw=",
    files: [
      "config/crd/bases/keda.sh_scaledobjects.yaml",
      "config/crd/bases/keda.sh_triggerauthentications.yaml",
    ],
  },
  {
    module: "github.com/prometheus-operator/prometheus-operator",
    version: "v0.85.0",
    sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
    files: [
      "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
      "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
      "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
    ],
  },
];

/**
 * Strimzi's kinds stand in the Java classes of its API, and its own generator writes the definitions from them. The
 * generator is the last that is in the Maven repository. It leaves out what it does not know yet: fields that v1 alone
 * requires, and rules in CEL. Class → SHA-256 of what it gives.
 */
export const strimziClasses = {
  api: "0.50.0",
  generator: "0.45.0",
  mavenDependencyPlugin: "3.8.1",
  classes: {
    "io.strimzi.api.kafka.model.topic.KafkaTopic":
      "4e44d5898e02539221a740c529e1df3df5017e5aee470d25a2219cb00d1f0fc0",
    "io.strimzi.api.kafka.model.user.KafkaUser":
      "94398a581efd3e886020e7002881c0edcd54ce31c4218e555f07630c15053e87",
  },
} as const;
