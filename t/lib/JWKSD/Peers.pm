# SPDX-License-Identifier: MIT
#
# The HTTP servers that others use, those that are installed, each in a
# directory of its own and with the same files: the document at
# /openid/v1/jwks.  They listen on a loopback address that only this process
# has, so their ports are free; or on a Unix socket, where they can.
package JWKSD::Peers;

use strict;
use warnings;
use Exporter qw(import);
use IO::Socket::IP;
use JWKSD::HTTP;
use JWKSD::Test;
use POSIX ();
use Socket qw(SOCK_STREAM);

our @EXPORT_OK = qw(peer_names start_peer);

use constant {
	DOCUMENT => '/openid/v1/jwks',
	MODULES  => '/usr/lib/apache2/modules',
};

# Each: the program; whether it serves the document as a file, with an ETag and
# Last-Modified; whether it can listen on a Unix socket; its files; and how it
# is run.
my %peers = (
	nginx => { program => 'nginx', files => 1, unix => 1,
		conf => \&nginx_conf,
		argv => sub { ('-e', 'stderr', '-p', $_[0], '-c', "$_[0]/conf") } },
	HAProxy => { program => 'haproxy', files => 0, unix => 1,
		conf => \&haproxy_conf,
		argv => sub { ('-db', '-f', "$_[0]/conf") } },
	Node => { program => 'node', files => 0, unix => 1,
		conf => \&node_conf,
		argv => sub { ("$_[0]/conf") } },
	lighttpd => { program => 'lighttpd', files => 1, unix => 0,
		conf => \&lighttpd_conf,
		argv => sub { ('-D', '-f', "$_[0]/conf") } },
	Apache => { program => 'apache2', files => 1, unix => 0,
		conf => \&apache_conf,
		argv => sub { ('-D', 'FOREGROUND', '-f', "$_[0]/conf") } },
	h2o => { program => 'h2o', files => 1, unix => 0,
		conf => \&h2o_conf,
		argv => sub { ('-c', "$_[0]/conf") } },
	Caddy => { program => 'caddy', files => 1, unix => 0,
		conf => \&caddy_conf,
		argv => sub { ('run', '--adapter', 'caddyfile', '--config',
			"$_[0]/conf") } },
);

# In the order of the table.
sub peer_names
{
	return qw(Node HAProxy nginx Apache lighttpd h2o Caddy);
}

# An address that no other process on this machine uses, and a port there.
sub own_address
{
	my $host = join '.', 127, 64 + ($$ >> 16 & 63), $$ >> 8 & 255, $$ & 255;
	my $socket = IO::Socket::IP->new(LocalHost => $host, LocalPort => 0,
		Listen => 1, Type => SOCK_STREAM) or die "$host: $!";

	return ($host, $socket->sockport);
}

# start_peer($name, $dir, content => bytes, modified => seconds, unix => 0):
# undef when it is not installed.  Dies with its log when it does not answer.
sub start_peer
{
	my ($name, $dir, %how) = @_;
	my $peer = $peers{$name};
	my $program = server_program($peer->{program}) or return undef;
	my ($host, $port) = own_address();
	my $self = bless {
		name  => $name,
		dir   => "$dir/$name",
		files => $peer->{files},
		address => $how{unix} ? "unix:$dir/$name/socket" : "$host:$port",
	}, __PACKAGE__;

	chmod 0755, "$dir";
	make_files($self->{dir}, %how);
	write_file("$self->{dir}/conf", $peer->{conf}->($self->{dir},
		host => $host, port => $port, unix => $how{unix}), 0644);
	$self->run_child($program, $peer->{argv}->($self->{dir}));
	$self->wait_for_it;
	return $self;
}

sub make_files
{
	my ($dir, %how) = @_;
	my $www = "$dir/www";

	# their workers, which are other users, look into it
	mkdir $_, 0755 or die "$_: $!"
		for $dir, $www, map { "$www/$_" } qw(openid openid/v1);
	chmod 0777, $dir;
	write_file($www . DOCUMENT, $how{content}, 0644);
	utime $how{modified}, $how{modified}, $www . DOCUMENT
		if $how{modified};
}

sub run_child
{
	my ($self, @argv) = @_;

	$self->{log} = "$self->{dir}/log";
	defined($self->{pid} = fork) or die "fork: $!";
	return if $self->{pid} > 0;
	# a group of its own, for Apache's workers outlive a killed parent
	POSIX::setpgid(0, 0);
	@ENV{qw(HOME XDG_CONFIG_HOME XDG_DATA_HOME)} = ($self->{dir}) x 3;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', $self->{log};
	open STDERR, '>&', \*STDOUT;
	{ exec { $argv[0] } @argv }
	POSIX::_exit(127);
}

sub wait_for_it
{
	my ($self) = @_;
	my $deadline = deadline();

	while (left($deadline) && waitpid($self->{pid}, POSIX::WNOHANG()) == 0) {
		return if JWKSD::HTTP->connect($self->{address});
		select undef, undef, undef, 0.02;
	}
	die "$self->{name} does not answer: " . read_file($self->{log});
}

sub stop
{
	my ($self) = @_;

	return unless $self->{pid};
	kill TERM => $self->{pid};
	my $deadline = deadline(5);
	while (waitpid($self->{pid}, POSIX::WNOHANG()) == 0) {
		select undef, undef, undef, 0.02;
		kill KILL => -$self->{pid} unless left($deadline);
	}
	kill KILL => -$self->{pid};
	delete $self->{pid};
}

sub DESTROY
{
	my ($self) = @_;

	local $?;
	$self->stop;
}

# --- their configurations: as they come, but for what they serve ------------

sub nginx_conf
{
	my ($dir, %at) = @_;
	my $listen = $at{unix} ? "unix:$dir/socket" : "$at{host}:$at{port}";
	my $temp = join '', map { "\t${_}_temp_path $dir/nginx-$_;\n" }
		qw(client_body proxy fastcgi uwsgi scgi);

	return <<"CONF";
daemon off;
worker_processes 1;
pid $dir/pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
	access_log off;
$temp
	server {
		listen $listen;
		root $dir/www;
	}
}
CONF
}

sub haproxy_conf
{
	my ($dir, %at) = @_;
	my $bind = $at{unix} ? "unix\@$dir/socket mode 666" : "$at{host}:$at{port}";
	my $path = DOCUMENT;

	return <<"CONF";
global
	nbthread 1
	maxconn 1000
defaults
	mode http
	timeout client 30s
	timeout http-request 30s
frontend front
	bind $bind
	http-request return status 200 content-type application/json file $dir/www$path if { path $path }
	http-request return status 404
CONF
}

sub node_conf
{
	my ($dir, %at) = @_;
	my $listen = $at{unix} ? "'$dir/socket'" : "$at{port}, '$at{host}'";
	my $path = DOCUMENT;

	return <<"CONF";
const body = require('fs').readFileSync('$dir/www$path');
const server = require('http').createServer((req, res) => {
	const found = req.url.split('?')[0].replace(/^https?:..[^/]+/i, '') === '$path';
	const allowed = ['GET', 'HEAD'].includes(req.method);
	// its parser may still refuse the content
	req.resume().on('end', () => {
		res.writeHead(!allowed ? 405 : found ? 200 : 404,
			{ 'Content-Type': 'application/json' });
		res.end(found && allowed ? body : '');
	});
});
server.listen($listen);
CONF
}

sub lighttpd_conf
{
	my ($dir, %at) = @_;

	return <<"CONF";
server.document-root = "$dir/www"
server.bind = "$at{host}"
server.port = $at{port}
server.errorlog = "$dir/errors"
mimetype.assign = ( "" => "application/json" )
CONF
}

sub apache_conf
{
	my ($dir, %at) = @_;
	my $modules = join '', map { "LoadModule ${_}_module ${\MODULES}/mod_$_.so\n" }
		qw(mpm_event authz_core);
	my $user = $> == 0 ? "User www-data\nGroup www-data\n" : '';

	return <<"CONF";
ServerName localhost
ServerRoot $dir
PidFile $dir/pid
DefaultRuntimeDir $dir
ErrorLog $dir/errors
Listen $at{host}:$at{port}
$modules${user}DocumentRoot $dir/www
CONF
}

sub h2o_conf
{
	my ($dir, %at) = @_;
	my $user = $> == 0 ? "user: www-data\n" : '';

	return <<"CONF";
${user}num-threads: 1
listen:
  host: $at{host}
  port: $at{port}
error-log: $dir/errors
hosts:
  default:
    paths:
      /:
        file.dir: $dir/www
CONF
}

sub caddy_conf
{
	my ($dir, %at) = @_;

	return <<"CONF";
{
	admin off
	auto_https off
}
:$at{port} {
	bind $at{host}
	root * $dir/www
	file_server
}
CONF
}

1;
