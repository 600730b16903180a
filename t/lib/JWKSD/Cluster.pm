# SPDX-License-Identifier: MIT
#
# A cluster's control plane beside a test: etcd, and one or several
# kube-apiservers on it, all on loopback, with files as kubeadm lays them out in
# DIR/pki.  There are no nodes and no controllers: pods stay pending, and a
# namespace has the service accounts that the test makes.
package JWKSD::Cluster;

use strict;
use warnings;
use JSON::PP ();
use JWKSD::Kubernetes;
use JWKSD::Pki;
use JWKSD::Test;
use POSIX qw(WNOHANG);
use Test::More;

# A server that starts beside others on two busy cores.
use constant START_SECONDS => 120;
use constant ETCD => 'etcd';

my @running;

# Why there can be no cluster of that version here, or nothing.
sub missing
{
	my ($class, $version) = @_;

	for my $program (ETCD, 'curl', 'openssl') {
		return "$program is not installed" unless has_program($program);
	}
	return undef if eval { kubernetes($version) };
	return $@ =~ s/\n+\z//r;
}

# start(dir => ..., ...): a cluster that is ready.
#   version   '1.36' or '1.34'
#   servers   how many kube-apiservers, or [{ what differs in each }]; 1
#   issuers   for --service-account-issuer, the first one signs
#   signing   for --service-account-signing-key-file; DIR/pki/sa.key
#   accepted  for --service-account-key-file; [DIR/pki/sa.pub]
#   flags     instead of these three, as lines of arguments
#   args      further arguments for kube-apiserver
sub start
{
	my ($class, %how) = @_;
	my $dir = "$how{dir}";
	my $self = bless {
		dir      => $dir,
		programs => kubernetes($how{version}),
		args     => [],
		issuers  => ['https://kubernetes.default.svc.cluster.local'],
		signing  => "$dir/pki/sa.key",
		accepted => ["$dir/pki/sa.pub"],
		servers  => [],
		beside   => [],
		%how,
		dir      => $dir,
	}, $class;

	push @running, $self;
	$self->make_pki;
	$self->start_etcd;
	my $servers = $how{servers} || 1;
	$self->{servers} = [map { { %$_, port => reserve_port() } }
		ref $servers ? @$servers : ({}) x $servers];
	$self->spawn_server($_) for 0 .. $#{ $self->{servers} };
	$self->wait_ready($_) for 0 .. $#{ $self->{servers} };
	write_file("$dir/admin.conf", $self->kubeconfig($self->url), 0600);
	return $self;
}

sub make_pki
{
	my ($self) = @_;
	my $dir = "$self->{dir}/pki";

	mkdir $dir or die "$dir: $!";
	$self->{pki} = JWKSD::Pki->new($dir);
	$self->{pki}->server('apiserver', '127.0.0.1', 'localhost', 'kubernetes',
		'kubernetes.default', 'kubernetes.default.svc');
	$self->{pki}->client('admin', 'system:masters');
	JWKSD::Pki::openssl('genrsa', '-out', "$dir/sa.key", 2048);
	JWKSD::Pki::openssl('rsa', '-in', "$dir/sa.key", '-pubout', '-out',
		"$dir/sa.pub");
}

# Run a program in the background, what it says in DIR/NAME.log.
sub spawn
{
	my ($self, $name, @argv) = @_;
	my $log = "$self->{dir}/$name.log";

	defined(my $pid = fork) or die "fork: $!";
	return { name => $name, pid => $pid, log => $log } if $pid > 0;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>>', $log;
	open STDERR, '>&', \*STDOUT;
	$ENV{HOME} = $self->{dir};
	{ exec { $argv[0] } @argv }
	print STDERR "$argv[0]: $!\n";
	POSIX::_exit(127);
}

# The same for something that others use beside the cluster; it ends with it.
sub spawn_beside
{
	my ($self, $name, @argv) = @_;

	push @{ $self->{beside} }, $self->spawn($name, @argv);
}

sub start_etcd
{
	my ($self) = @_;
	my $client = 'http://127.0.0.1:' . reserve_port();
	my $peer = 'http://127.0.0.1:' . reserve_port();

	$self->{etcd_url} = $client;
	$self->{etcd} = $self->spawn('etcd', has_program(ETCD),
		'--data-dir', "$self->{dir}/etcd",
		'--listen-client-urls', $client, '--advertise-client-urls', $client,
		'--listen-peer-urls', $peer, '--initial-advertise-peer-urls', $peer,
		'--initial-cluster', "default=$peer");
}

sub server_args
{
	my ($self, $n) = @_;
	my $pki = "$self->{dir}/pki";
	my %set = (%$self, %{ $self->{servers}[$n] });

	return (
		"--etcd-servers=$self->{etcd_url}",
		'--bind-address=127.0.0.1',
		"--secure-port=$set{port}",
		# no endpoint of a Service may be on loopback, and none is needed
		'--advertise-address=192.0.2.1', '--endpoint-reconciler-type=none',
		'--service-cluster-ip-range=10.96.0.0/16',
		"--tls-cert-file=$pki/apiserver.crt",
		"--tls-private-key-file=$pki/apiserver.key",
		"--client-ca-file=$pki/ca.crt",
		'--authorization-mode=Node,RBAC',
		'--enable-admission-plugins=NodeRestriction',
		$set{flags} ? @{ $set{flags} } : (
			(map { "--service-account-issuer=$_" } @{ $set{issuers} }),
			"--service-account-signing-key-file=$set{signing}",
			(map { "--service-account-key-file=$_" } @{ $set{accepted} }),
		),
		@{ $set{args} },
	);
}

sub spawn_server
{
	my ($self, $n) = @_;
	my $server = $self->{servers}[$n];

	%$server = (%$server, %{ $self->spawn("apiserver-$n",
		"$self->{programs}/kube-apiserver", $self->server_args($n)) });
}

# Until /readyz says so, asked again and again: nothing else tells.
sub wait_ready
{
	my ($self, $n) = @_;
	my $server = $self->{servers}[$n];
	my $deadline = deadline(START_SECONDS);

	until ($self->ready($n)) {
		if (waitpid($server->{pid}, WNOHANG) != 0) {
			delete $server->{pid};
			$self->fail_with("$server->{name} has ended");
		}
		left($deadline) or $self->fail_with("$server->{name} is not ready");
		select undef, undef, undef, 0.1;
	}
}

sub ready
{
	my ($self, $n) = @_;

	return $self->api('GET', '/readyz', url => $self->url($n))->{status} == 200;
}

# Start a server again, with other settings of its own if they are given.
sub restart
{
	my ($self, $n, %set) = @_;
	my $server = $self->{servers}[$n];

	$self->stop_server($n);
	%$server = (%$server, %set);
	$self->spawn_server($n);
	$self->wait_ready($n);
}

sub stop_server
{
	my ($self, $n) = @_;

	end($self->{servers}[$n]);
}

# What a server says that does not start with such settings; undef if it does.
sub refusal
{
	my ($self, $n, %set) = @_;
	my $server = $self->{servers}[$n];

	$self->stop_server($n);
	unlink $server->{log};
	local $self->{quiet} = 1;
	return undef if eval { $self->restart($n, %set); 1 };
	my ($line) = grep { /\berror\b/i } reverse split /\n/,
		read_file($server->{log});
	return $line;
}

sub url
{
	my ($self, $n) = @_;

	return "https://127.0.0.1:$self->{servers}[$n || 0]{port}";
}

sub pki
{
	my ($self) = @_;

	return $self->{pki};
}

# The certificate of the authority, in a file.
sub ca
{
	my ($self) = @_;

	return $self->pki->ca;
}

sub kubeconfig
{
	my ($self, $url) = @_;
	my $pki = "$self->{dir}/pki";

	return <<"YAML";
apiVersion: v1
kind: Config
current-context: admin
contexts:
- name: admin
  context: { cluster: test, user: admin }
clusters:
- name: test
  cluster: { server: "$url", certificate-authority: $pki/ca.crt }
users:
- name: admin
  user: { client-certificate: $pki/admin.crt, client-key: $pki/admin.key }
YAML
}

# A request of the administrator, or with bearer => TOKEN of somebody else; with
# anonymous => 1 of nobody.  body is JSON, or a structure.  Returns { status,
# content, type, caching }; status is 0 when there was no answer.
sub api
{
	my ($self, $method, $path, %how) = @_;
	my $admin = "$self->{dir}/pki/admin";
	my $url = $how{url} || $self->url;
	my $body = $how{body};
	my @as = $how{anonymous} ? ()
		: $how{bearer} ? ('--oauth2-bearer', $how{bearer})
		: ('--cert', "$admin.crt", '--key', "$admin.key");

	$body = JSON::PP->new->canonical->encode($body) if ref $body;
	my $done = run({ stdin => $body }, 'curl', '--silent', '--max-time', 30,
		'--cacert', $self->ca, @as, '--request', $method, '--write-out',
		"\n%{http_code}\n%{content_type}\n%header{cache-control}",
		(defined $body ? ('--data-binary', '@-', '--header',
			'Content-Type: application/json') : ()), "$url$path");
	my ($content, $status, $type, $caching) =
		$done->{out} =~ /\A(.*)\n(\d+)\n(.*)\n(.*)\z/s
		or return { status => 0, content => '' };

	return { status => $status + 0, content => $content, type => $type,
		caching => $caching };
}

# The same; the answer must be good.  Returns what it says.
sub must
{
	my ($self, $method, $path, %how) = @_;
	my $got = $self->api($method, $path, %how);

	$got->{status} =~ /^2/
		or $self->fail_with("$method $path: $got->{status} $got->{content}");
	return json($got->{content});
}

sub make_service_account
{
	my ($self, $name, %annotations) = @_;

	return $self->must('POST', '/api/v1/namespaces/default/serviceaccounts',
		body => { metadata => { name => $name,
			annotations => \%annotations } });
}

# A token of the service account in "default", for an audience (none: the API
# server's own) and so many seconds; url => whom to ask, pod => the object of a
# pod to bind it to.
sub token
{
	my ($self, $name, $audience, $seconds, %how) = @_;
	my %spec = (expirationSeconds => $seconds);
	my $pod = $how{pod} && $how{pod}{metadata};

	$spec{audiences} = [$audience] if defined $audience;
	$spec{boundObjectRef} = { apiVersion => 'v1', kind => 'Pod',
		name => $pod->{name}, uid => $pod->{uid} } if $pod;
	return $self->must('POST',
		"/api/v1/namespaces/default/serviceaccounts/$name/token", %how,
		body => { spec => \%spec })->{status}{token};
}

# The directory of kube-apiserver and kubectl.
sub programs
{
	my ($self) = @_;

	return $self->{programs};
}

sub kubectl
{
	my $self = shift;
	my $how = ref $_[0] eq 'HASH' ? shift : {};

	return run($how, $self->programs . '/kubectl', '--kubeconfig',
		"$self->{dir}/admin.conf", @_);
}

sub fail_with
{
	my ($self, $message) = @_;

	$self->show_logs unless $self->{quiet};
	die "$message\n";
}

# Those that run, etcd last.
sub processes
{
	my ($self) = @_;

	return grep { $_ && $_->{pid} } @{ $self->{beside} },
		@{ $self->{servers} }, $self->{etcd};
}

sub show_logs
{
	my ($self) = @_;

	for my $program ($self->processes) {
		my @lines = split /\n/, read_file($program->{log});

		diag("$program->{name}:");
		diag($_) for splice @lines, @lines > 20 ? -20 : 0;
	}
}

sub end
{
	my ($program) = @_;
	my $pid = delete $program->{pid} or return;

	kill TERM => $pid;
	waitpid $pid, 0;
}

sub stop
{
	my ($self) = @_;
	my @processes = $self->processes;

	# those that end slowly do so together
	kill TERM => $_->{pid} for @processes[0 .. $#processes - 1];
	end($_) for @processes;
	@running = grep { $_ != $self } @running;
}

# Nothing outlives the test.
END {
	my $status = $?;

	for my $self (@running) {
		$self->show_logs unless Test::More->builder->is_passing;
		for my $process ($self->processes) {
			kill KILL => $process->{pid};
			waitpid $process->{pid}, 0;
		}
	}
	$? = $status;
}

1;
