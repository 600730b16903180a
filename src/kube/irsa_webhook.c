/* SPDX-License-Identifier: MIT */
/*
 * amazon-eks-pod-identity-webhook for API servers that cannot run the policy.
 * Its pods are restricted, need no access but to service accounts, and get
 * their certificate from cert-manager, for its own way of getting one ended
 * with the certificates API v1.
 */
#include <inttypes.h>
#include <stdio.h>

#include "kube/irsa.h"
#include "kube/template.h"

static const char head[] =
	"# amazon-eks-pod-identity-webhook; needs cert-manager.\n"
	"# While it does not answer, pods start without their role.\n"
	"apiVersion: v1\n"
	"kind: Namespace\n"
	"metadata:\n"
	"  name: @NAMESPACE@\n"
	"  labels:\n"
	"    pod-security.kubernetes.io/enforce: restricted\n"
	"---\n"
	"apiVersion: v1\n"
	"kind: ServiceAccount\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n"
	"---\n"
	"apiVersion: rbac.authorization.k8s.io/v1\n"
	"kind: ClusterRole\n"
	"metadata:\n"
	"  name: @NAMESPACE@:@NAME@\n"
	"rules:\n"
	"- apiGroups: ['']\n"
	"  resources: [serviceaccounts]\n"
	"  verbs: [get, list, watch]\n"
	"---\n"
	"apiVersion: rbac.authorization.k8s.io/v1\n"
	"kind: ClusterRoleBinding\n"
	"metadata:\n"
	"  name: @NAMESPACE@:@NAME@\n"
	"roleRef:\n"
	"  apiGroup: rbac.authorization.k8s.io\n"
	"  kind: ClusterRole\n"
	"  name: @NAMESPACE@:@NAME@\n"
	"subjects:\n"
	"- kind: ServiceAccount\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n";

static const char deployment[] =
	"---\n"
	"apiVersion: apps/v1\n"
	"kind: Deployment\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n"
	"spec:\n"
	"  replicas: 2\n"
	"  selector:\n"
	"    matchLabels:\n"
	"      app.kubernetes.io/name: @NAME@\n"
	"  template:\n"
	"    metadata:\n"
	"      labels:\n"
	"        app.kubernetes.io/name: @NAME@\n"
	"    spec:\n"
	"      serviceAccountName: @NAME@\n"
	"      priorityClassName: system-cluster-critical\n"
	"      securityContext:\n"
	"        runAsNonRoot: true\n"
	"        runAsUser: 65532\n"
	"        fsGroup: 65532\n"
	"        seccompProfile:\n"
	"          type: RuntimeDefault\n"
	"      topologySpreadConstraints:\n"
	"      - maxSkew: 1\n"
	"        topologyKey: kubernetes.io/hostname\n"
	"        whenUnsatisfiable: ScheduleAnyway\n"
	"        labelSelector:\n"
	"          matchLabels:\n"
	"            app.kubernetes.io/name: @NAME@\n"
	"      containers:\n"
	"      - name: webhook\n"
	"        image: @IMAGE@\n"
	"        command:\n"
	"        - /webhook\n"
	"        - --in-cluster=false\n"
	"        - --port=8443\n"
	"        - --namespace=@NAMESPACE@\n"
	"        - --service-name=@NAME@\n"
	"        - --annotation-prefix=@PREFIX@\n"
	"        - --token-audience=@AUDIENCE@\n"
	"        - --token-expiration=@EXPIRATION@\n"
	"        - --sts-regional-endpoint=@REGIONAL@\n"
	"        # a pod may come right behind its service account\n"
	"        - --service-account-lookup-grace-period=100ms\n"
	"        - --logtostderr\n";

static const char region[] = "        - --aws-default-region=@REGION@\n";

static const char container[] = "        ports:\n"
				"        - name: https\n"
				"          containerPort: 8443\n"
				"        readinessProbe:\n"
				"          httpGet:\n"
				"            scheme: HTTPS\n"
				"            port: https\n"
				"            path: /healthz\n"
				"        securityContext:\n"
				"          allowPrivilegeEscalation: false\n"
				"          readOnlyRootFilesystem: true\n"
				"          capabilities:\n"
				"            drop: [ALL]\n"
				"        resources:\n"
				"          requests:\n"
				"            cpu: 20m\n"
				"            memory: 64Mi\n"
				"        volumeMounts:\n"
				"        - name: cert\n"
				"          mountPath: /etc/webhook/certs\n"
				"          readOnly: true\n"
				"      volumes:\n"
				"      - name: cert\n"
				"        secret:\n"
				"          secretName: @NAME@\n"
				"---\n"
				"apiVersion: policy/v1\n"
				"kind: PodDisruptionBudget\n"
				"metadata:\n"
				"  name: @NAME@\n"
				"  namespace: @NAMESPACE@\n"
				"spec:\n"
				"  maxUnavailable: 1\n"
				"  selector:\n"
				"    matchLabels:\n"
				"      app.kubernetes.io/name: @NAME@\n"
				"---\n"
				"apiVersion: v1\n"
				"kind: Service\n"
				"metadata:\n"
				"  name: @NAME@\n"
				"  namespace: @NAMESPACE@\n"
				"spec:\n"
				"  selector:\n"
				"    app.kubernetes.io/name: @NAME@\n"
				"  ports:\n"
				"  - port: 443\n"
				"    targetPort: https\n";

/* The releases until v0.6.17 speak v1beta1 only, later ones v1 as well. */
static const char webhook[] =
	"---\n"
	"apiVersion: cert-manager.io/v1\n"
	"kind: Issuer\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n"
	"spec:\n"
	"  selfSigned: {}\n"
	"---\n"
	"apiVersion: cert-manager.io/v1\n"
	"kind: Certificate\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n"
	"spec:\n"
	"  secretName: @NAME@\n"
	"  isCA: true\n"
	"  duration: 2160h\n"
	"  renewBefore: 720h\n"
	"  dnsNames:\n"
	"  - @NAME@.@NAMESPACE@.svc\n"
	"  issuerRef:\n"
	"    kind: Issuer\n"
	"    name: @NAME@\n"
	"---\n"
	"apiVersion: admissionregistration.k8s.io/v1\n"
	"kind: MutatingWebhookConfiguration\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  annotations:\n"
	"    cert-manager.io/inject-ca-from: @NAMESPACE@/@NAME@\n"
	"webhooks:\n"
	"- name: pod-identity-webhook.amazonaws.com\n"
	"  failurePolicy: Ignore\n"
	"  reinvocationPolicy: IfNeeded\n"
	"  timeoutSeconds: 5\n"
	"  sideEffects: None\n"
	"  admissionReviewVersions: [v1beta1]\n"
	"  clientConfig:\n"
	"    service:\n"
	"      name: @NAME@\n"
	"      namespace: @NAMESPACE@\n"
	"      path: /mutate\n"
	"  objectSelector:\n"
	"    matchExpressions:\n"
	"    - key: eks.amazonaws.com/skip-pod-identity-webhook\n"
	"      operator: DoesNotExist\n"
	"  rules:\n"
	"  - apiGroups: ['']\n"
	"    apiVersions: [v1]\n"
	"    operations: [CREATE]\n"
	"    resources: [pods]\n";

void
irsa_webhook_render(struct buf *b, const struct irsa *irsa)
{
	char expiration[24];
	const struct template_value values[] = {
		{"NAME", irsa->name},
		{"NAMESPACE", irsa->namespace},
		{"IMAGE", irsa->image},
		{"PREFIX", irsa->prefix},
		{"AUDIENCE", irsa->audience},
		{"EXPIRATION", expiration},
		{"REGIONAL", irsa->regional ? "true" : "false"},
		{"REGION", irsa->region},
		{NULL, NULL},
	};

	snprintf(expiration, sizeof(expiration), "%" PRId64, irsa->expiration);
	template_render(b, head, values);
	template_render(b, deployment, values);
	if (irsa->region != NULL)
		template_render(b, region, values);
	template_render(b, container, values);
	template_render(b, webhook, values);
}
