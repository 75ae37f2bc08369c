"""Validates deploy/kubernetes against the schemas of Kubernetes, checks that its references resolve and that its variables
are settings of the programs, and checks the variables of the compose file against the settings and deploy/.env.example.

usage: manifests.py DEPLOY API_HELP WORKER_HELP    (a folder, and two files with the output of --help)
"""
import pathlib
import re
import sys

import kubernetes_validate
import yaml

VERSIONS = ["1.30", "1.37"]  # the oldest that enables preStop.sleep, and the newest in the package


def main(deploy, api_help, worker_help):
    deploy = pathlib.Path(deploy)
    folder = deploy / "kubernetes"
    known = {"api": variables(api_help), "worker": variables(worker_help)}
    wrong = list(compose(deploy, known))
    manifests = []
    for file in sorted(folder.glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            if "apiVersion" in document and document["kind"] != "Kustomization":
                manifests.append((file.name, document))
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    if sorted(listed) != sorted({name for name, _ in manifests}):
        wrong.append(f"kustomization.yaml lists {listed}")
    for version in VERSIONS:
        for name, document in manifests:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                wrong.append(f"{name}, {document['kind']}, {version}: {error.message}")
    wrong += names(manifests)
    wrong += settings(manifests, known)
    for line in wrong:
        print(line)
    print(f"{len(manifests)} manifests, {len(wrong)} wrong")
    sys.exit(1 if wrong or len(manifests) < 10 else 0)


def variables(help_file):
    """The settings that a program's --help names."""
    text = " ".join(pathlib.Path(help_file).read_text().split())
    return set(re.findall(r"\b([A-Z][A-Z_]+) \(default:", text))


def compose(deploy, known):
    text = (deploy / "compose.yaml").read_text()
    services = yaml.safe_load(text)["services"]
    for name, settings_known in known.items():
        for key in services[name]["environment"]:
            if key.removesuffix("_FILE") not in settings_known:
                yield f"compose.yaml, {name}: {key} is not a setting"
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (deploy / ".env.example").read_text(), re.MULTILINE))
    for variable, default in re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", text):
        if variable in ("TICKETBLITZ_TAG", "PROMETHEUS_PORT", "GRAFANA_PORT"):
            continue
        if example.get(variable) != default:
            yield f"compose.yaml sets {variable} to {default!r}, .env.example to {example.get(variable)!r}"


def of_kind(manifests, kind):
    return {document["metadata"]["name"]: document for _, document in manifests if document["kind"] == kind}


def matches(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def names(manifests):
    """Checks that every reference between manifests resolves."""
    deployments = of_kind(manifests, "Deployment")
    pods = {name: deployment["spec"]["template"] for name, deployment in deployments.items()}
    for name, deployment in deployments.items():
        if not matches(deployment["spec"]["selector"]["matchLabels"], pods[name]["metadata"]["labels"]):
            yield f"Deployment {name} does not select its own pods"
    ports = {name: {port["name"] for port in pod["spec"]["containers"][0]["ports"]} for name, pod in pods.items()}
    for name, service in of_kind(manifests, "Service").items():
        selected = [pod for pod in pods if matches(service["spec"]["selector"], pods[pod]["metadata"]["labels"])]
        if selected != [name] or any(port["targetPort"] not in ports[name] for port in service["spec"]["ports"]):
            yield f"Service {name} selects no pods"
    for name, budget in of_kind(manifests, "PodDisruptionBudget").items():
        if not matches(budget["spec"]["selector"]["matchLabels"], pods[name]["metadata"]["labels"]):
            yield f"PodDisruptionBudget {name} selects no pods"
    for name, scaler in of_kind(manifests, "HorizontalPodAutoscaler").items():
        if scaler["spec"]["scaleTargetRef"]["name"] not in deployments:
            yield f"HorizontalPodAutoscaler {name} has no target"
    for name, policy in of_kind(manifests, "NetworkPolicy").items():
        selector = policy["spec"]["podSelector"].get("matchLabels", {})
        selected = [pod for pod in pods if matches(selector, pods[pod]["metadata"]["labels"])]
        known = {port for pod in selected for port in ports[pod]}
        opened = [port["port"] for rule in policy["spec"].get("ingress", []) for port in rule["ports"]]
        if not selected or any(port not in known for port in opened):
            yield f"NetworkPolicy {name} selects no pods"
    services = of_kind(manifests, "Service")
    for name, ingress in of_kind(manifests, "Ingress").items():
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                if backend["port"]["name"] not in {port["name"] for port in services[backend["name"]]["spec"]["ports"]}:
                    yield f"Ingress {name}: {path['path']} has no service"


def settings(manifests, known):
    """Checks that every variable is a setting of its program, or names a file that is mounted."""
    maps = of_kind(manifests, "ConfigMap")
    for name, deployment in of_kind(manifests, "Deployment").items():
        pod = deployment["spec"]["template"]["spec"]
        container = pod["containers"][0]
        given = [variable["name"] for variable in container.get("env", [])]
        mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
        for source in container["envFrom"]:
            for key, value in maps[source["configMapRef"]["name"]]["data"].items():
                given.append(key)
                if key.endswith("_FILE") and str(pathlib.PurePath(value).parent) not in mounts:
                    yield f"{name}: {key} is not in a mounted folder"
        for key in given:
            if key.removesuffix("_FILE") not in known[name]:
                yield f"{name}: {key} is not a setting"


main(*sys.argv[1:])
