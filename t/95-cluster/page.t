#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# contrib/kubernetes/README, command by command, on a real kube-apiserver: it
# ends with a pod whose token verifiers accept through jwksd.  What a machine
# without nodes and without AWS lacks is stood in for:
#
#   kubeadm       its two phases: the ConfigMap, and an API server with the
#                 arguments that stand in the file
#   the kubelet   runs the Deployment's two programs, with its arguments and the
#                 contents of its volumes; `kubectl exec` has a pod's environment
#                 and token, which the API server made for that pod
#   the ingress   nginx, with TLS
#   AWS           moto, which takes any token: what AWS would say is the doctor's
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Clients;
use JWKSD::Cluster;
use JWKSD::Daemon;
use JWKSD::Kubernetes;
use JWKSD::Nginx;
use JWKSD::Test;
use JSON::PP ();
use POSIX ();
use Test::More;

use constant {
	ISSUER  => 'https://oidc.example.com/prod',
	OLD     => 'https://kubernetes.default.svc.cluster.local',
	SECONDS => 120,
	VERSION => '1.36', # the page's policy is of v1
};

my $missing = JWKSD::Cluster->missing(VERSION)
	// (JWKSD::Nginx::path() ? undef : 'nginx is not installed');

plan skip_all => $missing if defined $missing;

my $dir = scratch();
my $page = read_file(source_dir() . '/contrib/kubernetes/README');
my $cluster = JWKSD::Cluster->start(dir => $dir, version => VERSION,
	issuers => [OLD]);
my ($jwksd, $nginx, $mirror, $moto);

sub kubectl_ok
{
	my ($why, @arguments) = @_;
	my $done = $cluster->kubectl(@arguments);

	is($done->{status}, 0, $why) or diag $done->{err};
	return $done->{out};
}

sub script
{
	my ($name, $text) = @_;

	mkdir "$dir/bin";
	write_file("$dir/bin/$name", "#!/bin/bash\nset -euo pipefail\n$text", 0755);
}

# The kubelet's part in `kubectl exec POD -- COMMAND`, for a pod of which only
# the environment and the token matter; else the real kubectl.
sub make_kubectl
{
	my $kubectl = kubernetes(VERSION) . '/kubectl';

	script('kubectl', <<"BASH");
case " \$* " in *" exec "*) ;; *) exec $kubectl "\$@" ;; esac
[ "\$1 \$2 \$3 \$4 \$5" = "-n shop exec web --" ]
shift 5
get() { $kubectl -n shop get pod web -o jsonpath="\$1"; }
token='{.spec.volumes[?(\@.name=="aws-iam-token")].projected.sources[0].serviceAccountToken'
mount=\$(get '{.spec.containers[0].volumeMounts[?(\@.name=="aws-iam-token")].mountPath}')
mkdir -p "$dir/root\$mount"
$kubectl -n shop create token "\$(get '{.spec.serviceAccountName}')" \\
    --audience "\$(get "\$token.audience}")" \\
    --duration "\$(get "\$token.expirationSeconds}")s" \\
    --bound-object-kind Pod --bound-object-name web \\
    >"$dir/root\$mount/\$(get "\$token.path}")"
while IFS='=' read -r name value field; do
    [ "\$field" = metadata.name ] && value=web
    case \$value in /*) value=$dir/root\$value ;; esac
    export "\$name=\$value"
done < <(get '{range .spec.containers[0].env[*]}{.name}={.value}={.valueFrom.fieldRef.fieldPath}{"\\n"}{end}')
exec "\${\@/#\\/var\\/run/$dir/root/var/run}"
BASH
}

# Two phases of it: what is written is taken up by restart_server().
sub make_kubeadm
{
	script('kubeadm', <<"BASH");
case "\$*" in
"init phase upload-config kubeadm --config cluster.yaml")
    kubectl -n kube-system create configmap kubeadm-config \\
        --from-file=ClusterConfiguration=cluster.yaml \\
        --dry-run=client -o yaml | kubectl apply --server-side \\
        --force-conflicts -f - ;;
"init phase control-plane apiserver --config cluster.yaml")
    cp cluster.yaml $dir/manifest ;;
*) echo "kubeadm \$*: what is this?" >&2; exit 1 ;;
esac
BASH
	# as kubeadm leaves it
	$cluster->must('POST', '/api/v1/namespaces/kube-system/configmaps',
		body => { metadata => { name => 'kubeadm-config' }, data => {
			ClusterConfiguration => <<'YAML' } });
apiServer: {}
apiVersion: kubeadm.k8s.io/v1beta4
certificatesDir: /etc/kubernetes/pki
clusterName: kubernetes
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
networking:
  dnsDomain: cluster.local
  serviceSubnet: 10.96.0.0/16
YAML
}

# The kubelet's part when kubeadm has written a manifest.
sub restart_server
{
	my $file = "$dir/manifest";

	return unless -e $file;
	my ($arguments) = read_file($file) =~
		/^apiServer:\n  extraArgs:\n((?:  .*\n)+)/m;
	my @issuers = $arguments =~
		/^  - name: service-account-issuer\n    value: (.*)$/mg;

	unlink $file;
	is(scalar(@issuers), 2, "kube-apiserver restarts with @issuers");
	$cluster->restart(0, issuers => \@issuers);
}

# A volume of the pod as files: what the kubelet mounts.
sub fill
{
	my ($pod, $volume) = @_;
	my $at = "$dir/volume-$volume->{name}";

	mkdir $at or return $at;
	if (my $map = $volume->{configMap}) {
		my $data = json(kubectl_ok("ConfigMap $map->{name}", '-n', 'jwksd',
			'get', 'configmap', $map->{name}, '-o', 'json'))->{data};
		# paths as they are here, and ports of the kernel's choice
		write_file("$at/$_", relocate($pod->{containers}[0],
			{ mirror => "$dir/volume-mirror" }, $data->{$_})
			=~ s/"\*:808[01]"/"127.0.0.1:0"/gr) for keys %$data;
	}
	for my $source (@{ ($volume->{projected} || {})->{sources} || [] }) {
		my $token = $source->{serviceAccountToken} or next;
		write_file("$at/$token->{path}", kubectl_ok('a token', '-n', 'jwksd',
			'create', 'token', $pod->{serviceAccountName}) =~ s/\n//r);
		write_file("$at/ca.crt", read_file($cluster->ca));
	}
	return $at;
}

# What a container is told, with its mounts where they are here.
sub relocate
{
	my ($container, $at, $text) = @_;

	for my $mount (grep { $at->{ $_->{name} } }
		@{ $container->{volumeMounts} }) {
		$text =~ s/\Q$mount->{mountPath}\E(?![\w-])/$at->{$mount->{name}}/g;
	}
	return $text;
}

# Run what the Deployment says, and report it as its controllers would.
sub run_deployment
{
	my $deployment = json(kubectl_ok('the Deployment', '-n', 'jwksd', 'get',
		'deployment', 'jwksd', '-o', 'json'));
	my $pod = $deployment->{spec}{template}{spec};
	my %at = map { ($_->{name} => fill($pod, $_)) } @{ $pod->{volumes} };

	start_init_container($_, \%at) for @{ $pod->{initContainers} };
	$jwksd = JWKSD::Daemon->start(dir => $at{config},
		config => qq(state = "$at{state}"\n)
			. read_file("$at{config}/jwksd.conf"));
	start_ingress();
	$cluster->must('PUT', '/apis/apps/v1/namespaces/jwksd/deployments/jwksd'
		. '/status', body => { %$deployment, status => {
		observedGeneration => $deployment->{metadata}{generation},
		map { ($_ => 2) } qw(replicas updatedReplicas readyReplicas
			availableReplicas) } });
}

sub start_init_container
{
	my ($container, $at) = @_;
	my ($from) = map { $_->{configMapRef}{name} } @{ $container->{envFrom} };
	my $data = json(kubectl_ok('its environment', '-n', 'jwksd', 'get',
		'configmap', $from, '-o', 'json'))->{data};
	my (undef, @arguments) = map { relocate($container, $at, $_)
		=~ s/\$\((\w+)\)/$data->{$1}/gr } @{ $container->{command} };

	# what it looks for in a pod is at a fixed place there
	push @arguments, '--apiserver', $cluster->url, '--ca',
		"$at->{'kube-api-access'}/ca.crt", '--bearer',
		"$at->{'kube-api-access'}/token";
	if (!$container->{restartPolicy}) {
		my $done = run(program('jwksctl'), @arguments);
		is($done->{status}, 0, "$container->{name} succeeds")
			or diag $done->{err};
		return;
	}
	defined($mirror = fork) or die "fork: $!";
	return if $mirror > 0;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', "$dir/mirror.log";
	open STDERR, '>&', \*STDOUT;
	exec program('jwksctl'), @arguments or POSIX::_exit(127);
}

sub end_mirror
{
	my $pid = $mirror;

	undef $mirror;
	kill TERM => $pid;
	waitpid $pid, 0;
	return $?;
}

# Nothing outlives the test.
END {
	my $status = $?;

	end_mirror() if $mirror;
	$? = $status;
}

sub start_ingress
{
	my $files = $cluster->{pki}->server('ingress', 'oidc.example.com');
	my $to = $jwksd->address;

	$nginx = JWKSD::Nginx->start(dir => $dir, config => sub { <<"CONF" });
server {
	listen $_[0] ssl;
	server_name oidc.example.com;
	ssl_certificate $files.crt;
	ssl_certificate_key $files.key;
	location / { proxy_pass http://$to; proxy_set_header Host \$host; }
}
CONF
	write_file("$dir/.curlrc", 'connect-to = "oidc.example.com:443:'
		. $nginx->address . qq("\ncacert = ") . $cluster->ca
		. qq("\nsilent\nshow-error\n));
	my $jwksctl = program('jwksctl');
	script('jwksctl', <<"BASH");
case \$1 in
doctor) exec $jwksctl "\$@" --connect @{[ $nginx->address ]} \\
    --cacert @{[ $cluster->ca ]} ;;
*) exec $jwksctl "\$@" ;;
esac
BASH
}

# The aws CLI and moto, or the reason why there is none.
sub start_aws
{
	my $source = source_dir() . '/t/real/aws';
	my $venv = eval {
		my $python = JWKSD::Clients::need('python3');
		JWKSD::Clients::installed('aws', "$source/requirements.txt", sub {
			my ($into) = @_;
			JWKSD::Clients::fetch({}, $into, $python, '-m', 'venv', '.');
			JWKSD::Clients::fetch({}, $into, 'bin/python', '-m', 'pip',
				'install', '-q', '--disable-pip-version-check', '-r',
				"$source/requirements.txt");
		});
	} or return $@ =~ s/\n+\z//r;

	pipe my $in_read, $moto or die "pipe: $!";
	pipe my $out, my $out_write or die "pipe: $!";
	defined(my $pid = fork) or die "fork: $!";
	if ($pid == 0) {
		close $moto;
		POSIX::dup2(fileno $in_read, 0);
		POSIX::dup2(fileno $out_write, 1);
		open STDERR, '>', "$dir/moto.log";
		exec "$venv/bin/python", "$source/server.py" or POSIX::_exit(127);
	}
	close $out_write;
	my $port = <$out>;
	defined $port or return 'moto did not start: ' . read_file("$dir/moto.log");
	chomp $port;
	script('aws', <<"BASH");
export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_DEFAULT_REGION=us-east-1
[ "\${AWS_ROLE_ARN:-}" ] || export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b
exec $venv/bin/python -m awscli "\$@"
BASH
	return undef;
}

# A block of the page, as somebody pastes it.
sub paste
{
	my ($block) = @_;

	return run({ stdin => $block, seconds => SECONDS, setup => sub {
		$ENV{PATH} = "$dir/bin:$ENV{PATH}";
		$ENV{KUBECONFIG} = "$dir/admin.conf";
		$ENV{HOME} = $ENV{CURL_HOME} = $dir;
		chdir "$dir/work" or die "$dir/work: $!";
	} }, 'bash', '-euo', 'pipefail');
}

# An admission policy is in force when its API server has noticed.
sub wait_policy
{
	my $deadline = deadline(SECONDS);
	my $got;

	$cluster->make_service_account('early', 'eks.amazonaws.com/role-arn' => 'r');
	do {
		left($deadline) or die "no role: $got->{content}";
		select undef, undef, undef, 0.1 if $got;
		$got = $cluster->api('POST', '/api/v1/namespaces/default/pods?dryRun=All',
			body => { metadata => { name => 'early' }, spec => {
				serviceAccountName => 'early', containers => [
				{ name => 'early', image => 'early' }] } });
	} until ($got->{content} =~ /AWS_ROLE_ARN/);
}

sub first_command { return ($_[0] =~ /\A(.*)/)[0] }

make_kubectl();
make_kubeadm();
script('jwksctl', 'exec ' . program('jwksctl') . qq( "\$@"\n));
my $no_aws = start_aws();
mkdir "$dir/work";
symlink source_dir() . '/contrib', "$dir/work/contrib" or die "symlink: $!";

my %said;
my @blocks = $page =~ /^```\n(.*?)^```$/msg;
ok(@blocks > 10, 'the page has commands');
for my $block (@blocks) {
	my $title = first_command($block);

	SKIP: {
		skip "$title: $no_aws", 1 if $no_aws && $block =~ /\baws (?:iam|sts)/;
		# a keyring, where jwksctl would be at home
		if ($block =~ s{/var/lib/jwksctl/prod}{$dir/keyring}g) {
			is(run(program('jwksctl'), 'init', "$dir/keyring", '--issuer',
				ISSUER)->{status}, 0, 'a keyring');
		}
		my $done = paste($block);
		is($done->{status}, 0, $title) or diag $done->{out}, $done->{err};
		$said{$title} = ($said{$title} // '') . $done->{out};
	}
	restart_server();
	run_deployment() if $block =~ /^kubectl apply .*-k /m;
	wait_policy() if $block =~ /irsa-policy/;
}

# What came of it.
is(json($said{'kubectl get --raw /.well-known/openid-configuration'})->{issuer},
	ISSUER, 'the API server has the public issuer');
like($said{"kubectl -n jwksd rollout status deployment jwksd --timeout 2m"},
	qr/successfully rolled out/, 'jwksd is rolled out');
my ($looked) = map { $said{$_} } grep { /^curl/ } keys %said;
like($looked, qr/^\{"issuer":"@{[ ISSUER ]}"/, 'jwksd publishes it');
is(read_file("$dir/work/apiserver.jwks"), $jwksd->jwks(ISSUER)->{content},
	'... with the keys of the API server, byte for byte');
my ($variables) = map { $said{$_} } grep { /get pod web/ } keys %said;
is(join(' ', $variables =~ /"name":"(\w+)"/g), 'AWS_ROLE_ARN '
	. 'AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_SESSION_NAME', 'the pod has its role');
SKIP: {
	skip $no_aws, 3 if $no_aws;
	like($variables, qr{assumed-role/web/web"}, 'AWS knows the role and the pod');
	my @verifier = eval { JWKSD::Clients::pyjwt() };
	skip $@, 2 unless @verifier;
	my $says = sub { run({ stdin => read_file("$dir/work/token"),
		seconds => SECONDS }, @verifier, ISSUER, $_[0], $nginx->address,
		$cluster->ca)->{out} };

	is($says->('sts.amazonaws.com'), "ok system:serviceaccount:shop:web\n",
		'PyJWT accepts its token, through the ingress');
	like($says->('vault'), qr/^refused: Audience/,
		'... but not for another audience');
}
my $keys = json(kubectl_ok('the ConfigMap with the keyring', '-n', 'jwksd', 'get',
	'configmap', 'jwksd-keys', '-o', 'json'))->{data};
is(join(' ', keys %$keys), 'keyring.json', '... holds the keyring');

is(end_mirror(), 0, 'the mirror ends well') or diag read_file("$dir/mirror.log");
is($jwksd->stop, 0, 'jwksd ends well');
$cluster->stop;
done_testing();
