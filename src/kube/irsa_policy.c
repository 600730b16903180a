/* SPDX-License-Identifier: MIT */
/*
 * A pod names its service account, but a binding cannot select its parameter
 * by a field of the object under review: paramRef has a fixed name or a label
 * selector.  So the binding selects every service account of the pod's
 * namespace, the API server evaluates the policy once with each, and the first
 * match condition is true for the pod's own only.
 *
 * The patch is a JSON Patch and not an apply configuration, which would refuse
 * pods that the API server accepts: those with an environment variable or a
 * port named twice.  Every step looks at what is there, so that the policy may
 * be invoked again after a webhook.
 *
 * Expressions use what CEL has in Kubernetes 1.33, the oldest version that an
 * API server of 1.34 has to be compatible with: there is no flatten(), hence
 * one list of patches per variable.
 *
 * Invariant: a container gets what amazon-eks-pod-identity-webhook would give
 * it, in the same order, and is left alone where the webhook leaves it alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kube/irsa.h"
#include "kube/template.h"

static const char head[] =
	"# Gives pods the IAM role of their service account, in the API server "
	"itself.\n"
	"# Kubernetes 1.36 has admissionregistration.k8s.io/v1; 1.34 and 1.35 "
	"need\n"
	"# --feature-gates=MutatingAdmissionPolicy=true and\n"
	"# --runtime-config=admissionregistration.k8s.io/v1beta1=true.\n"
	"apiVersion: admissionregistration.k8s.io/@API@\n"
	"kind: MutatingAdmissionPolicy\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"spec:\n"
	"  # A pod that could not be given its role is refused.\n"
	"  failurePolicy: Fail\n"
	"  # Once more when a webhook has added containers.\n"
	"  reinvocationPolicy: IfNeeded\n"
	"  matchConstraints:\n"
	"    resourceRules:\n"
	"    - apiGroups: ['']\n"
	"      apiVersions: [v1]\n"
	"      operations: [CREATE]\n"
	"      resources: [pods]\n"
	"    objectSelector:\n"
	"      matchExpressions:\n"
	"      - key: eks.amazonaws.com/skip-pod-identity-webhook\n"
	"        operator: DoesNotExist\n"
	"  # Evaluated with each service account of the pod's namespace, "
	"for one is its own.\n"
	"  paramKind:\n"
	"    apiVersion: v1\n"
	"    kind: ServiceAccount\n"
	"  matchConditions:\n"
	"  - name: own\n"
	"    expression: |-\n"
	"      params.metadata.name ==\n"
	"      object.spec.?serviceAccountName.orValue('')\n"
	"  - name: role\n"
	"    expression: |-\n"
	"      params.metadata.?annotations[?'@PREFIX@/role-arn']\n"
	"      .orValue('') != ''\n";

/* An expiration is what strconv.ParseInt() reads; any other is passed over. */
static const char variables[] =
	"  variables:\n"
	"  - name: role\n"
	"    expression: params.metadata.annotations['@PREFIX@/role-arn']\n"
	"  - name: audience\n"
	"    expression: |-\n"
	"      params.metadata.annotations[?'@PREFIX@/audience']\n"
	"      .orValue('@AUDIENCE@')\n"
	"  - name: expiration\n"
	"    expression: |-\n"
	"      ([object.metadata.?annotations[?'@PREFIX@/token-expiration']\n"
	"      .orValue(''),\n"
	"      params.metadata.annotations[?'@PREFIX@/token-expiration']\n"
	"      .orValue('')]\n"
	"      .filter(s, s.matches('^[-+]?[0-9]{1,18}$'))\n"
	"      .map(s, [int(s), 600].max())\n"
	"      + [@EXPIRATION@])[0]\n";

/* strconv.ParseBool()'s words; any other leaves the default. */
static const char regional_unless[] =
	"  - name: regional\n"
	"    expression: |-\n"
	"      "
	"!(params.metadata.annotations[?'@PREFIX@/sts-regional-endpoints']"
	"\n"
	"      .orValue('') in ['0', 'f', 'F', 'FALSE', 'false', 'False'])\n";
static const char regional_if[] =
	"  - name: regional\n"
	"    expression: |-\n"
	"      "
	"params.metadata.annotations[?'@PREFIX@/sts-regional-endpoints']\n"
	"      .orValue('') in ['1', 't', 'T', 'TRUE', 'true', 'True']\n";

static const char token_file[] =
	"  - name: tokenFile\n"
	"    expression: |-\n"
	"      'windows' in [\n"
	"      object.spec.?nodeSelector[?'kubernetes.io/os'].orValue(''),\n"
	"      object.spec.?nodeSelector[?'beta.kubernetes.io/os'].orValue('')]"
	"\n"
	"      ? r'C:\\var\\run\\secrets\\eks.amazonaws.com\\serviceaccount\\"
	"token'\n"
	"      : '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'\n"
	/* CSV, of which the first record counts */
	"  - name: skip\n"
	"    expression: |-\n"
	"      (object.metadata.?annotations[?'@PREFIX@/skip-containers']\n"
	"      .orValue('').replace('\\r\\n', '\\n').split('\\n')\n"
	"      .filter(line, line != '') + [''])[0].split(',')\n";

static const char containers[] =
	"  - name: all\n"
	"    expression: |-\n"
	"      object.spec.containers.transformList(i, c, {\n"
	"      'path': dyn('/spec/containers/' + string(i)),\n"
	"      'name': dyn(c.name),\n"
	"      'env': dyn(c.?env.orValue([]).map(e, e.name)),\n"
	"      'mounts': dyn(c.?volumeMounts.orValue([]).map(m, m.name))})\n"
	"      + object.spec.?initContainers.orValue([]).transformList(i, c, "
	"{\n"
	"      'path': dyn('/spec/initContainers/' + string(i)),\n"
	"      'name': dyn(c.name),\n"
	"      'env': dyn(c.?env.orValue([]).map(e, e.name)),\n"
	"      'mounts': dyn(c.?volumeMounts.orValue([]).map(m, m.name))})\n"
	"  - name: containers\n"
	"    expression: |-\n"
	"      variables.all.filter(c, !(c.name in variables.skip\n"
	"      || '\"' + c.name + '\"' in variables.skip))\n"
	"  - name: withoutIdentity\n"
	"    expression: |-\n"
	"      variables.containers.filter(c, !('AWS_ROLE_ARN' in c.env\n"
	"      || 'AWS_WEB_IDENTITY_TOKEN_FILE' in c.env))\n"
	"  - name: withoutRegion\n"
	"    expression: |-\n"
	"      variables.containers.filter(c, !('AWS_REGION' in c.env\n"
	"      || 'AWS_DEFAULT_REGION' in c.env))\n"
	"  - name: withoutSts\n"
	"    expression: |-\n"
	"      variables.containers.filter(c,\n"
	"      !('AWS_STS_REGIONAL_ENDPOINTS' in c.env))\n"
	"  # A container that brings all three kinds does without the token.\n"
	"  - name: withoutToken\n"
	"    expression: |-\n"
	"      variables.containers.filter(c, !('aws-iam-token' in c.mounts)\n"
	"      && !(('AWS_ROLE_ARN' in c.env\n"
	"      || 'AWS_WEB_IDENTITY_TOKEN_FILE' in c.env)\n"
	"      && ('AWS_REGION' in c.env || 'AWS_DEFAULT_REGION' in c.env)\n"
	"      && 'AWS_STS_REGIONAL_ENDPOINTS' in c.env))\n";

static const char mutation[] =
	"  mutations:\n"
	"  - patchType: JSONPatch\n"
	"    jsonPatch:\n"
	"      expression: |-\n"
	"        (has(object.spec.volumes) ? [] : [JSONPatch{op: 'add',\n"
	"        path: '/spec/volumes', value: []}])\n"
	"        + (object.spec.?volumes.orValue([])\n"
	"        .exists(v, v.name == 'aws-iam-token') ? [] : [JSONPatch{\n"
	"        op: 'add', path: '/spec/volumes/0',\n"
	"        value: Object.spec.volumes{name: 'aws-iam-token',\n"
	"        projected: Object.spec.volumes.projected{sources: [\n"
	"        Object.spec.volumes.projected.sources{serviceAccountToken:\n"
	"        Object.spec.volumes.projected.sources.serviceAccountToken{\n"
	"        audience: variables.audience,\n"
	"        expirationSeconds: variables.expiration,\n"
	"        path: 'token'}}]}}}])\n"
	"        + variables.containers.filter(c, size(c.env) == 0)\n"
	"        .map(c, JSONPatch{op: 'add', path: c.path + '/env',\n"
	"        value: []})\n"
	"        + (variables.regional ? variables.withoutSts : [])\n"
	"        .map(c, JSONPatch{op: 'add', path: c.path + '/env/-',\n"
	"        value: Object.spec.containers.env{\n"
	"        name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional'}})\n";

static const char region[] =
	"        + variables.withoutRegion\n"
	"        .map(c, JSONPatch{op: 'add', path: c.path + '/env/-',\n"
	"        value: Object.spec.containers.env{\n"
	"        name: 'AWS_DEFAULT_REGION', value: '@REGION@'}})\n"
	"        + variables.withoutRegion\n"
	"        .map(c, JSONPatch{op: 'add', path: c.path + '/env/-',\n"
	"        value: Object.spec.containers.env{\n"
	"        name: 'AWS_REGION', value: '@REGION@'}})\n";

static const char identity[] =
	"        + variables.withoutIdentity\n"
	"        .map(c, JSONPatch{op: 'add', path: c.path + '/env/-',\n"
	"        value: Object.spec.containers.env{\n"
	"        name: 'AWS_ROLE_ARN', value: variables.role}})\n"
	"        + variables.withoutIdentity\n"
	"        .map(c, JSONPatch{op: 'add', path: c.path + '/env/-',\n"
	"        value: Object.spec.containers.env{\n"
	"        name: 'AWS_WEB_IDENTITY_TOKEN_FILE',\n"
	"        value: variables.tokenFile}})\n";

/* STS takes 2 to 64 characters.  A name that is yet to be generated has at
 * most 63 (k8s.io/apiserver/pkg/storage/names). */
static const char session_name[] =
	"        + variables.withoutIdentity.filter(c,\n"
	"        !('AWS_ROLE_SESSION_NAME' in c.env)\n"
	"        && size(object.metadata.?name.orValue('generated')) > 1)\n"
	"        .map(c, JSONPatch{op: 'add', path: c.path + '/env/-',\n"
	"        value: size(object.metadata.?name.orValue('')) > 64\n"
	"        ? Object.spec.containers.env{name: 'AWS_ROLE_SESSION_NAME',\n"
	"        value: object.metadata.name.substring(0, 64)}\n"
	"        : Object.spec.containers.env{name: 'AWS_ROLE_SESSION_NAME',\n"
	"        valueFrom: Object.spec.containers.env.valueFrom{fieldRef:\n"
	"        Object.spec.containers.env.valueFrom.fieldRef{\n"
	"        fieldPath: 'metadata.name'}}}})\n";

static const char mounts[] =
	"        + variables.withoutToken.filter(c, size(c.mounts) == 0)\n"
	"        .map(c, JSONPatch{op: 'add', path: c.path + '/volumeMounts',\n"
	"        value: []})\n"
	"        + variables.withoutToken\n"
	"        .map(c, JSONPatch{op: 'add',\n"
	"        path: c.path + '/volumeMounts/-',\n"
	"        value: Object.spec.containers.volumeMounts{\n"
	"        name: 'aws-iam-token', readOnly: true, mountPath:\n"
	"        '/var/run/secrets/eks.amazonaws.com/serviceaccount'}})\n";

static const char binding[] = "---\n"
			      "apiVersion: admissionregistration.k8s.io/@API@\n"
			      "kind: MutatingAdmissionPolicyBinding\n"
			      "metadata:\n"
			      "  name: @NAME@\n"
			      "spec:\n"
			      "  policyName: @NAME@\n"
			      "  paramRef:\n"
			      "    parameterNotFoundAction: Allow\n";

static const char any_param[] = "    selector: {}\n";
static const char labelled_param[] = "    selector:\n"
				     "      matchLabels:\n"
				     "        @LABEL@: '@VALUE@'\n";

void
irsa_policy_render(struct buf *b, const struct irsa *irsa)
{
	const char *equals =
		irsa->selector != NULL ? strchr(irsa->selector, '=') : NULL;
	char expiration[24], label[IRSA_SELECTOR_MAX + 1];
	const struct template_value values[] = {
		{"API", irsa->api_version},
		{"NAME", irsa->name},
		{"PREFIX", irsa->prefix},
		{"AUDIENCE", irsa->audience},
		{"EXPIRATION", expiration},
		{"REGION", irsa->region},
		{"LABEL", label},
		{"VALUE", equals != NULL ? equals + 1 : NULL},
		{NULL, NULL},
	};
	const char *const parts[] = {
		head,
		variables,
		irsa->regional ? regional_unless : regional_if,
		token_file,
		containers,
		mutation,
		irsa->region != NULL ? region : "",
		identity,
		irsa->session_name ? session_name : "",
		mounts,
		binding,
		irsa->selector != NULL ? labelled_param : any_param,
	};
	size_t i;

	snprintf(label, sizeof(label), "%.*s",
		equals != NULL ? (int)(equals - irsa->selector) : 0,
		equals != NULL ? irsa->selector : "");
	snprintf(expiration, sizeof(expiration), "%" PRId64, irsa->expiration);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		template_render(b, parts[i], values);
}
