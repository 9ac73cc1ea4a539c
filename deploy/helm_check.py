"""What `helm lint` and `helm template` do, by Helm's own code (helm-python-sdk), where the program is not installed.

helm_check.py CHART VALUES... writes what the chart renders to standard output; without values it must not render.
"""

import sys

import helm_python as helm

chart_folder, given = sys.argv[1], sys.argv[2]
values = helm.parse_set_string(given)
report = helm.lint(chart_folder, values, strict=True)
# The icon is not ours to make; everything else counts.
found = [message for message in report["messages"] if message["severity"] >= 2]
if found or report["errors"]:
    sys.exit(f"the chart is not sound: {found} {report['errors']}")
with helm.Chart.load(chart_folder) as chart:
    try:
        chart.render({}, name="orion")
    except helm.HelmError:
        pass
    else:
        sys.exit("a chart without secrets must not render")
    for path, text in sorted(chart.render(values, name="orion").items()):
        if path.endswith(".yaml") and text.strip():
            print(f"---\n# Source: {path}\n{text}")
print(f"linted and rendered by Helm {helm.helm_sdk_version()}", file=sys.stderr)
