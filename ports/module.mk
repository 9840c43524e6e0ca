# Foreign programs: a folder and a build.sh each; fetched and built when a test asks for them, never as part of `all`.
ports-%: ports/%/build.sh
	@sh $<
