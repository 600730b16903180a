#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The examples of an ingress are taken by the programs that they are for, where
# these are installed, with a certificate that is made here.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use Test::More;

local $ENV{PATH} = "$ENV{PATH}:/usr/sbin:/sbin";
my $dir = scratch();
my ($certificate, $key) = ("$dir/chain.pem", "$dir/key.pem");
my $both = "$dir/both.pem";

sub example
{
	my ($name, %change) = @_;
	my $text = read_file(source_dir() . "/conf/$name");

	for my $path (sort keys %change) {
		$text =~ s/\Q$path\E/$change{$path}/
			or die "conf/$name does not name $path\n";
	}
	return $text;
}

sub accepts
{
	my ($program, $file, @command) = @_;

	SKIP: {
		skip "$program is not installed: conf/$file not checked", 1
			unless has_program($program);
		my $done = run({ setup => sub { $ENV{HOME} = "$dir" } }, @command);
		is($done->{status}, 0, "$program takes conf/$file")
			or diag $done->{out}, $done->{err};
	}
}

SKIP: {
	skip 'openssl is not installed: there is no certificate', 1
		unless has_program('openssl');
	my $made = run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
		'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj',
		'/CN=oidc.example.com', '-out', $certificate, '-keyout', $key);
	is($made->{status}, 0, 'a certificate is made') or BAIL_OUT($made->{err});
	write_file($both, read_file($certificate) . read_file($key));

	my $letsencrypt = '/etc/letsencrypt/live/oidc.example.com';
	write_file("$dir/nginx-jwksd.conf", example('nginx.conf',
		"$letsencrypt/fullchain.pem" => $certificate,
		"$letsencrypt/privkey.pem" => $key));
	write_file("$dir/nginx.conf", "pid $dir/nginx.pid; error_log stderr;\n"
		. "events { } http { access_log off; "
		. join('', map { "${_}_temp_path $dir/$_; " } qw(client_body proxy
			fastcgi uwsgi scgi))
		. "include $dir/nginx-jwksd.conf; }\n");
	accepts('nginx', 'nginx.conf', 'nginx', '-t', '-q', '-c', "$dir/nginx.conf");

	write_file("$dir/haproxy.cfg", example('haproxy.cfg',
		'/etc/haproxy/certs/oidc.example.com.pem' => $both));
	accepts('haproxy', 'haproxy.cfg', 'haproxy', '-c', '-q', '-f',
		"$dir/haproxy.cfg");
}

accepts('caddy', 'Caddyfile', 'caddy', 'validate', '--adapter', 'caddyfile',
	'--config', source_dir() . '/conf/Caddyfile');

done_testing;
