# SPDX-License-Identifier: MIT
#
# API servers that are made up: each answers, over TLS under the cluster's CA,
# what a test lays down for it.
package JWKSD::Kube;

use strict;
use warnings;
use Exporter qw(import);
use JWKSD::Aws;
use JWKSD::Keys;
use JWKSD::Test;

our @EXPORT = qw(CLUSTER);

use constant CLUSTER => 'https://oidc.example.com/prod';

# cluster($dir): the CA and a certificate for localhost below it, in $dir.
sub cluster
{
	my ($class, $dir) = @_;

	new_pki($dir);
	leaf($dir, name => 'apiserver', host => 'localhost');
	return bless { dir => "$dir", ca => "$dir/root.pem", count => 0 }, $class;
}

# One more API server of the cluster.
sub apiserver
{
	my ($self, %how) = @_;
	my $answers = "$self->{dir}/server" . $self->{count}++;

	mkdir $answers or die "$answers: $!";
	my $server = JWKSD::Kube::Server->new($answers,
		$how{chain} || "$self->{dir}/apiserver");
	$server->says_issuer(CLUSTER);
	return $server;
}

package JWKSD::Kube::Server;

use JWKSD::Aws;
use JWKSD::Keys;
use JWKSD::Test;
use POSIX ();

sub new
{
	my ($class, $answers, $chain) = @_;
	my $server = JWKSD::Aws::Server->start(chain => $chain,
		answers => $answers);

	return bless { answers => $answers, server => $server,
		url => 'https://localhost:' . ($server->address =~ s/.*://r) },
		$class;
}

# Nobody listens there any more.
sub ends { delete $_[0]{server} }

# It breaks off whatever is asked of it, or answers as before.
sub breaks
{
	my ($self, $how) = @_;

	$self->says('/.well-known/openid-configuration', $how || '@close');
}

sub url { return $_[0]{url} }

# The bytes of an answer.
sub says
{
	my ($self, $path, $bytes) = @_;

	replace_file("$self->{answers}/" . ($path =~ tr{/}{_}r), $bytes);
}

sub says_issuer
{
	my ($self, $issuer) = @_;

	$self->says('/.well-known/openid-configuration',
		http_ok(json_text({ issuer => $issuer,
			jwks_uri => "$issuer/openid/v1/jwks" })));
}

# These keys; the JWKS is returned.
sub shows
{
	my ($self, @keys) = @_;
	my $jwks = jwks_of(@keys);

	$self->says('/openid/v1/jwks', http_ok($jwks, 'application/jwk-set+json'));
	return $jwks;
}

# Tokens of default/default that this key signs; claims() of others with more,
# and the audiences that the server says they have.
sub signs
{
	my ($self, $key, %other) = @_;
	my $audiences = delete $other{audiences} || [JWKSD::Kube::CLUSTER];
	my $life = delete $other{life} || 600;
	my @then = gmtime(time + $life);

	$self->says('/api/v1/namespaces/default/serviceaccounts/default/token',
		http_raw('201 Created', ['Content-Type: application/json'],
			json_text({
				kind => 'TokenRequest',
				spec => { audiences => $audiences },
				status => {
					token => token($key, claims(%other)),
					expirationTimestamp => POSIX::strftime(
						'%Y-%m-%dT%H:%M:%SZ', @then),
				},
			})));
}

# Its pods of kube-system, each a name and its flags.
sub runs
{
	my ($self, %pods) = @_;

	$self->says('/api/v1/namespaces/kube-system/pods', http_ok(json_text({
		items => [map { {
			metadata => { name => $_ },
			spec => { containers => [{
				command => ['kube-apiserver', @{ $pods{$_} }],
			}] },
		} } sort keys %pods],
	})));
}

# What it was asked since the last call.
sub requests
{
	my ($self) = @_;
	my $path = "$self->{answers}/requests";
	my $text = -e $path ? read_file($path) : '';

	unlink $path;
	return split /(?=^(?:GET|POST) )/m, $text;
}

1;
