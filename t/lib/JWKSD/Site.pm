# SPDX-License-Identifier: MIT
#
# A cluster as it is run: two kube-apiservers behind HAProxy, jwksd behind the
# same HAProxy as conf/haproxy.cfg sets it up, and pods that show their tokens
# to both all the time (t/cluster/pods).
package JWKSD::Site;

use strict;
use warnings;
use IO::Socket::UNIX;
use IPC::Open2;
use JSON::PP ();
use JWKSD::Clients;
use JWKSD::Cluster;
use JWKSD::Daemon;
use JWKSD::Test;
use Test::More;

use constant {
	AUDIENCE => 'sts.amazonaws.com',
	PODS     => 40,
	PAUSE_MS => 400,
};

# Why there can be no such site here, or nothing.
sub missing
{
	has_program('haproxy') or return 'haproxy is not installed';
	return JWKSD::Cluster->missing;
}

# start(dir => ..., issuers => [...], jwksd => text): the API servers have the
# key that kubeadm made and know the first issuer; relying parties trust all of
# them.  The text is jwksd.conf.
sub start
{
	my ($class, %how) = @_;
	my $self = bless { dir => "$how{dir}", issuers => $how{issuers} }, $class;

	$self->{program} = "$self->{dir}/pods";
	JWKSD::Clients::go_program(source_dir() . '/t/cluster/pods',
		$self->{program});
	$self->{cluster} = JWKSD::Cluster->start(
		dir     => $self->{dir},
		servers => 2,
		issuers => [$how{issuers}[0]],
		# the time that HAProxy has to notice that one ends
		args    => ['--shutdown-delay-duration=2s'],
	);
	$self->{cluster}->make_service_account('app');
	$self->{jwksd} = JWKSD::Daemon->start(dir => $self->{dir},
		config => $how{jwksd});
	$self->start_haproxy;
	return $self;
}

sub cluster { return $_[0]{cluster} }
sub jwksd   { return $_[0]{jwksd} }
sub public  { return $_[0]{public} }

# --- HAProxy -----------------------------------------------------------------

# The example, with this run's names, files and addresses.
sub frontend
{
	my ($self) = @_;
	my $text = read_file(source_dir() . '/conf/haproxy.cfg');
	my ($jwksd, $admin) = ($self->jwksd->address,
		$self->jwksd->admin =~ s/.*://r);

	$text =~ s{bind \S+ v4v6 ssl crt \S+}
		{bind $self->{public} ssl crt $self->{dir}/oidc.pem}
		&& $text =~ s{127\.0\.0\.1:8080 check port 8081}
			{$jwksd check port $admin}
		&& $text =~ s{^global\n}{global\n\tstats socket $self->{haproxy}\n}m
		or die "conf/haproxy.cfg is not as expected\n";
	return $text;
}

sub start_haproxy
{
	my ($self) = @_;
	my ($dir, $cluster) = ($self->{dir}, $self->cluster);
	my $certificate = $cluster->pki->server('oidc',
		map { m{^https://([^/]+)} } @{ $self->{issuers} });
	my $balanced = '127.0.0.1:' . reserve_port();
	my $servers = join '', map {
		my $address = $cluster->url($_) =~ s{^https://}{}r;
		"\tserver apiserver-$_ $address\n"
	} 0 .. 1;

	$self->{public} = '127.0.0.1:' . reserve_port();
	$self->{haproxy} = "$dir/haproxy.sock";
	write_file("$dir/oidc.pem", read_file("$certificate.crt")
		. read_file("$certificate.key"), 0600);
	write_file("$dir/haproxy.cfg", $self->frontend . <<"CFG");

listen kube-apiserver
	bind $balanced
	mode tcp
	option tcplog
	balance roundrobin
	# a server that ends says so at once, one that is busy is slow
	timeout check 10s
	option httpchk
	http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost
	http-check expect status 200
	default-server check check-ssl verify required ca-file @{[$cluster->ca]} inter 250ms fall 1 rise 1
$servers
CFG
	$cluster->spawn_beside('haproxy', has_program('haproxy'), '-db', '-f',
		"$dir/haproxy.cfg");
	$self->{balanced} = "https://$balanced";
	$self->wait_balanced;
}

# Until HAProxy knows that both API servers are ready.
sub wait_balanced
{
	my ($self) = @_;
	my $deadline = deadline();

	until ($self->servers_up == 2) {
		left($deadline) or $self->cluster->fail_with(
			'HAProxy does not find the API servers ready');
		select undef, undef, undef, 0.1;
	}
}

# The fields of "show stat" are proxy, server, and 18th the state.
sub servers_up
{
	my ($self) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $self->{haproxy}) or return 0;

	print $socket "show stat\n";
	$socket->flush;
	return scalar grep { /^kube-apiserver,apiserver-\d,(?:[^,]*,){15}UP,/ }
		<$socket>;
}

# Restart the API servers one by one, as one does by hand; the next when the one
# before is in use again.  With settings: with these from now on.
sub roll
{
	my ($self, %set) = @_;

	for my $n (0 .. 1) {
		$self->restart($n, %set);
	}
}

sub restart
{
	my ($self, $n, %set) = @_;

	$self->cluster->restart($n, %set);
	$self->wait_balanced;
}

# --- pods --------------------------------------------------------------------

# Pods that keep a token for others for so many seconds.
sub start_pods
{
	my ($self, $hold) = @_;
	my ($dir, $ca) = ($self->{dir}, $self->cluster->ca);

	write_file("$dir/pods.json", JSON::PP->new->canonical->encode({
		APIServer => $self->{balanced}, APICA => $ca,
		AdminCert => "$dir/pki/admin.crt", AdminKey => "$dir/pki/admin.key",
		Issuers   => $self->{issuers}, Address => $self->{public},
		IssuerCA  => $ca, Audience => AUDIENCE,
		Pods      => PODS, Pause => PAUSE_MS, Hold => $hold,
	}));
	$self->{phases} = [];
	$self->{pods} = open2($self->{out}, $self->{in}, $self->{program},
		"$dir/pods.json");
	$self->round;
}

sub ask_pods
{
	my ($self, $line) = @_;

	syswrite $self->{in}, "$line\n";
	my $answer = readline $self->{out};
	defined $answer or die "the pods have ended\n";
	return $answer;
}

# Until each pod has shown its tokens to everybody once more.
sub round
{
	my ($self) = @_;

	$self->ask_pods('round');
}

# The pods go on for so many seconds.
sub go_on
{
	my ($self, $seconds) = @_;
	my $until = time + $seconds;

	do { $self->round } while time <= $until;
}

# What comes from now on is a phase of that name.
sub phase
{
	my ($self, $name) = @_;

	push @{ $self->{phases} }, json($self->ask_pods($name));
}

# End the pods; what they were told in each phase but the first, in which they
# began.
sub stop_pods
{
	my ($self) = @_;

	$self->phase('end');
	close $self->{in};
	waitpid delete $self->{pods}, 0;
	shift @{ $self->{phases} };
	return @{ $self->{phases} };
}

# Print what the pods were told, and return the sums: { refused, failed, ok }.
sub report
{
	my ($title, @phases) = @_;
	my @parties = qw(apiserver asking caching);
	my %sums = map { $_ => 0 } qw(ok refused failed);
	my %reasons;

	diag sprintf "\n%-40s %5s %6s  %s", $title, 's', 'minted',
		join ' ', map { sprintf '%18s', $_ } @parties;
	diag sprintf '%-40s %5s %6s  %s', '', '', '',
		'(valid tokens shown/refused/without answer)';
	for my $phase (@phases) {
		my $tokens = 0;
		$tokens += $_ for values %{ $phase->{minted} };
		for my $said (values %{ $phase->{said} }) {
			$sums{$_} += $said->{$_} for keys %sums;
		}
		$reasons{$_} += $phase->{reasons}{$_} for keys %{ $phase->{reasons} };
		diag sprintf '%-40s %5.0f %6d  %s', $phase->{phase},
			$phase->{seconds}, $tokens, join ' ', map {
				told($phase->{said}{$_})
			} @parties;
	}
	diag sprintf '%6d %s', $reasons{$_}, $_
		for sort { $reasons{$b} <=> $reasons{$a} } keys %reasons;
	return \%sums;
}

# "shown/refused/no answer"
sub told
{
	my ($said) = @_;
	my %said = $said ? %$said : (ok => 0, refused => 0, failed => 0);

	return sprintf '%6d/%5d/%5d', $said{ok} + $said{refused} + $said{failed},
		$said{refused}, $said{failed};
}

sub stop
{
	my ($self) = @_;

	$self->cluster->stop;
	return $self->jwksd->stop;
}

1;
