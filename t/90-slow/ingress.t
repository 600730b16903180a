#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The examples in conf/, run: nginx, HAProxy and Caddy with TLS in front of
# jwksd, with this run's names, files and ports and nothing else changed.  The
# documents are fetched through each with curl, a token is judged by go-oidc or
# jose, and jwksd is reloaded and restarted behind it under load: no request may
# fail.  Traefik is in no Debian; conf/traefik.yml is not run.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use JWKSD::Caddy;
use JWKSD::Clients;
use JWKSD::Daemon;
use JWKSD::Haproxy;
use JWKSD::Held;
use JWKSD::Keys;
use JWKSD::Nginx;
use JWKSD::Pki;
use JWKSD::Rotation;
use JWKSD::Steady;
use JWKSD::Test;
use Test::More;

use constant ROUNDS => 10;

my $host = 'oidc.example.com';
my $issuer = "https://$host";
my $dir = scratch();

has_program('curl') or plan skip_all => 'curl is not installed';
my $pki = JWKSD::Pki->new($dir);
my $tls = $pki->server('tls', $host);
write_file("$dir/both.pem", read_file("$tls.crt") . read_file("$tls.key"), 0600);

# An example with some of its text replaced, all of which must be there.
sub example
{
	my ($file, @replace) = @_;
	my $text = read_file(source_dir() . "/conf/$file");

	while (my ($from, $to) = splice @replace, 0, 2) {
		$text =~ s/$from/$to/mg or die "conf/$file has no $from";
	}
	return $text;
}

# --- the ingresses ------------------------------------------------------------

sub nginx
{
	my ($public) = @_;

	return JWKSD::Nginx->start(dir => $dir, config => sub {
		return example('nginx.conf', qr/^\s*listen \[::\].*\n/m => '',
			qr/\blisten 443\b/ => "listen $_[0]",
			qr/127\.0\.0\.1:8080\b/ => $public,
			qr{ssl_certificate .*;} => "ssl_certificate $tls.crt;",
			qr{ssl_certificate_key .*;} => "ssl_certificate_key $tls.key;");
	});
}

sub haproxy
{
	my ($public, $admin) = @_;

	return JWKSD::Haproxy->start(dir => $dir, config => sub {
		return example('haproxy.cfg', qr/bind :::443 v4v6/ => "bind $_[0]",
			qr{/etc/haproxy/certs/\Q$host\E\.pem} => "$dir/both.pem",
			qr/127\.0\.0\.1:8080\b/ => $public,
			qr/check port 8081/ => "check port $admin");
	});
}

sub caddy
{
	my ($public, $admin) = @_;

	return JWKSD::Caddy->start(dir => $dir, config => sub {
		return example('Caddyfile',
			qr/^\Q$host\E \{/m => "https://$host:$_[0] {\n"
				. "\tbind 127.0.0.1\n\ttls $tls.crt $tls.key",
			qr/127\.0\.0\.1:8080\b/ => $public,
			qr/health_port 8081/ => "health_port $admin");
	});
}

# --- what is asked of each --------------------------------------------------

sub curl
{
	my ($address, $path, @options) = @_;
	my ($port) = $address =~ /:(\d+)$/;

	return run('curl', '--silent', '--show-error', '--max-time', 20,
		'--retry', 20, '--retry-connrefused', '--retry-delay', 1,
		'--resolve', "$host:$port:127.0.0.1", '--cacert', $pki->ca, @options,
		'--write-out', "\n%{http_code} %{http_version}", "https://$host:$port$path");
}

# go-oidc, or jose; undef and why there is none.
sub client
{
	my @reasons;

	for my $name (qw(go_oidc jose)) {
		my @command = eval { JWKSD::Clients->can($name)->($dir) };
		return ($name, @command) if @command;
		push @reasons, $@ =~ s/\n//r;
	}
	return (undef, join '; ', @reasons);
}

my ($client, @client) = client();

# A token of the rotation's first key would need its private part: one more key
# is published beside it for this.
my $signer = ec_key();

sub token
{
	my $now = time;
	my $file = write_file("$dir/signing", $signer->{private}, 0600);
	my $done = run({ stdin => JSON::PP->new->encode({
		aud => ['sts.amazonaws.com'], exp => $now + 3600, iat => $now,
		iss => $issuer, nbf => $now, sub => 'system:serviceaccount:default:app',
	}) }, program('t/real/mint'), 'ES256', $file, kid_of($signer));

	die "mint: $done->{err}" if $done->{status} != 0;
	return $done->{out};
}

sub fetched
{
	my ($name, $address) = @_;

	for (['/openid/v1/jwks', jwks_of($signer)],
		['/.well-known/openid-configuration', discovery_of($issuer, 'ES256')]) {
		my ($path, $content) = @$_;
		my $got = curl($address, $path);
		is($got->{out}, "$content\n200 2", "$name: $path with curl, over HTTP/2")
			or diag $got->{err};
		$got = curl($address, $path, '--http1.1', '--tls-max', '1.2');
		is($got->{out}, "$content\n200 1.1", '... over HTTP/1.1 and TLS 1.2')
			or diag $got->{err};
	}
	SKIP: {
		skip $client[0], 1 unless defined $client;
		my $done = run({ stdin => token() }, @client, $issuer,
			'sts.amazonaws.com', $address, $pki->ca);
		is($done->{out}, "ok system:serviceaccount:default:app\n",
			"... $client takes a token") or diag $done->{err};
	}
}

# Keys change, the configuration is reloaded and jwksd is restarted, ROUNDS
# times, while clients ask without a pause.
sub under_load
{
	my ($name, $ingress, $jwksd, $start) = @_;
	my $rotation = JWKSD::Rotation->new("$dir/ring-$name", $issuer, ROUNDS + 1);

	$rotation->publish(0);
	$jwksd->stop;
	$jwksd = $start->("ring-$name");
	my $steady = JWKSD::Steady->start(address => 'tls:' . $ingress->address,
		host => $host, path => '/openid/v1/jwks',
		bodies => $rotation->write_bodies("$dir/bodies-$name"),
		fresh => 3, busy => 3, idle => 10, think => 500,
		timeout => 1000 * left(deadline()));
	$steady->wait_answers(200);
	for my $round (1 .. ROUNDS) {
		$rotation->publish($round);
		$jwksd->reload;
		$steady->wait_answers(100);
		$jwksd->stop;
		$jwksd = $start->("ring-$name");
		$steady->wait_answers(100);
	}
	my $account = $steady->finish;
	$steady->show;
	is($account->{failed}, 0, "$name: of $account->{requests} requests through "
		. ROUNDS . ' reloads and ' . ROUNDS . ' restarts none failed');
	is($jwksd->stop, 0, '... and it ends well');
}

my %ingresses = (
	nginx   => [\&nginx, JWKSD::Nginx::path()],
	haproxy => [\&haproxy, JWKSD::Haproxy::path()],
	caddy   => [\&caddy, JWKSD::Caddy::path()],
);

write_file("$dir/sa.pub", public_pem($signer));
for my $name (sort keys %ingresses) {
	my ($run, $path) = @{ $ingresses{$name} };

	SKIP: {
		skip "$name is not installed", 7 unless defined $path;
		my $held = JWKSD::Held->new;
		my $admin = reserve_port();
		my $start = sub {
			return $held->start(dir => $dir, config => JWKSD::Daemon::config_text(
				qq(issuer "$issuer" { keys = { "$_[0]" } }\n),
				admin => "127.0.0.1:$admin", state => ''));
		};
		my $jwksd = $start->('sa.pub');
		my $ingress = $run->($held->address, $admin);
		fetched($name, $ingress->address);
		under_load($name, $ingress, $jwksd, $start);
		$ingress->stop;
	}
}

done_testing;
