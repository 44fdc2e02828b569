import { join } from "node:path";
import { ROOT } from "../root.js";

/** A program that is built from Go modules where the one on the PATH is absent or too old. */
export interface GoTool {
  readonly name: string;
  /** Absolute folder of the go.mod and go.sum that pin it and all that it is made of. */
  readonly moduleFolder: string;
  /** The main package that go.mod names as a tool. */
  readonly mainPackage: string;
  /** `-X` settings of the linker, which tell the program its version. */
  readonly linkerSettings?: Readonly<Record<string, string>>;
  /** Asks a program on the PATH for its version, and tells from the answer whether it will do. */
  readonly onPath: { readonly args: readonly string[]; readonly fits: (answer: string) => boolean };
  /** What a first build takes, for a person who waits for it. */
  readonly takes: string;
}

const KUBERNETES = "1.34";
/** An older or newer one still speaks to the API server, but is not what was tested. */
const KUBECTL_MINOR_MIN = 31;
/** Older ones lack what the API server watches by. */
const ETCD_MINOR_MIN = 5;
const KUSTOMIZE_MINOR_MIN = 4;
const KUBECONFORM_MINOR_MIN = 6;

const moduleFolder = (name: string): string => join(ROOT, "deploy/go-tools", name);

const kubernetesVersion = {
  "k8s.io/component-base/version.gitMajor": "1",
  "k8s.io/component-base/version.gitMinor": "34",
  "k8s.io/component-base/version.gitVersion": "v1.34.2",
};

export const goTools = {
  kubeApiServer: {
    name: "kube-apiserver",
    moduleFolder: moduleFolder("kubernetes"),
    mainPackage: "k8s.io/kubernetes/cmd/kube-apiserver",
    linkerSettings: kubernetesVersion,
    onPath: { args: ["--version"], fits: (answer) => answer.startsWith(`Kubernetes v${KUBERNETES}.`) },
    takes: "about six minutes on two cores",
  },
  kubectl: {
    name: "kubectl",
    moduleFolder: moduleFolder("kubernetes"),
    mainPackage: "k8s.io/kubernetes/cmd/kubectl",
    linkerSettings: kubernetesVersion,
    onPath: {
      args: ["version", "--client"],
      fits: (answer) => minorOf(answer, /Client Version: v1\.(\d+)/) >= KUBECTL_MINOR_MIN,
    },
    takes: "some minutes",
  },
  etcd: {
    name: "etcd",
    moduleFolder: moduleFolder("etcd"),
    mainPackage: "go.etcd.io/etcd/server/v3",
    onPath: {
      args: ["--version"],
      fits: (answer) => minorOf(answer, /etcd Version: 3\.(\d+)/) >= ETCD_MINOR_MIN,
    },
    takes: "about a minute",
  },
  kustomize: {
    name: "kustomize",
    moduleFolder: moduleFolder("kustomize"),
    mainPackage: "sigs.k8s.io/kustomize/kustomize/v5",
    onPath: {
      args: ["version"],
      fits: (answer) => minorOf(answer, /v5\.(\d+)/) >= KUSTOMIZE_MINOR_MIN,
    },
    takes: "about a minute",
  },
  kubeconform: {
    name: "kubeconform",
    moduleFolder: moduleFolder("kubeconform"),
    mainPackage: "github.com/yannh/kubeconform/cmd/kubeconform",
    onPath: { args: ["-v"], fits: (answer) => minorOf(answer, /v0\.(\d+)/) >= KUBECONFORM_MINOR_MIN },
    takes: "about half a minute",
  },
} as const satisfies Record<string, GoTool>;

/** The number that the pattern finds; −1, which is too old for anything, where it finds none. */
function minorOf(answer: string, pattern: RegExp): number {
  return Number(pattern.exec(answer)?.[1] ?? -1);
}
